#include "apps/detector/pipeline.h"

#include <string.h>

#include "dsp/features.h"
#include "hot.h"
#include "model.h"

#define FRAMES_PER_BLOCK PIPELINE_FRAMES
#define HISTORY_SAMPLES (FEATURE_FRAME - FEATURE_HOP)  // of the block before, for the first frame
#define SILENT_FEATURE (-128)

_Static_assert(PCM_BLOCK_SAMPLES == FRAMES_PER_BLOCK * FEATURE_HOP, "a block must hold whole hops");
_Static_assert(MODEL_INPUT_SIZE == MODEL_INPUT_FRAMES * FEATURE_BANDS, "the model must take features as they are");
_Static_assert(MODEL_OUTPUT_SIZE == 1, "the model must have one output, the probability");

// Word-aligned, so that the DSP may load two samples at a time.
static pdm_state_t decimator;
static int32_t mean_at_rest;
static int16_t pcm[HISTORY_SAMPLES + PCM_BLOCK_SAMPLES] __attribute__((aligned(4)));
static int8_t frames[FRAMES_PER_BLOCK][FEATURE_BANDS] __attribute__((aligned(4)));

#ifdef MODEL_STREAM_FRAMES
_Static_assert(MODEL_STREAM_FRAMES == FRAMES_PER_BLOCK, "the model must advance by one block");

static void network_push(int8_t* output) { model_stream_push(&frames[0][0], output); }

static void network_reset(void) { model_stream_reset(); }

// Whatever the network makes of frames that never came, a whole window of silence replaces them.
bool pipeline_settle(void) {
    static uint32_t pushed;
    if (pushed >= MODEL_INPUT_FRAMES) return false;
    memset(frames, SILENT_FEATURE, sizeof frames);
    int8_t output;
    network_push(&output);
    pushed += FRAMES_PER_BLOCK;
    return true;
}
#else
_Static_assert(MODEL_INPUT_FRAMES >= FRAMES_PER_BLOCK, "the model must see at least one block");
static int8_t window[MODEL_INPUT_FRAMES][FEATURE_BANDS] __attribute__((aligned(4)));

static void network_reset(void) { memset(window, SILENT_FEATURE, sizeof window); }

bool pipeline_settle(void) { return false; }

static void network_push(int8_t* output) {
    memmove(window[0], window[FRAMES_PER_BLOCK], sizeof window - sizeof frames);
    memcpy(window[MODEL_INPUT_FRAMES - FRAMES_PER_BLOCK], frames, sizeof frames);
    model_invoke(&window[0][0], output);
}
#endif

void pipeline_init(void) {
    pdm_init(&decimator);
    mean_at_rest = decimator.dc;
    memset(pcm, 0, sizeof pcm);
    network_reset();
}

const int16_t* pipeline_decimate(const uint32_t* words) {
    memcpy(pcm, &pcm[PCM_BLOCK_SAMPLES], HISTORY_SAMPLES * sizeof pcm[0]);
    pdm_decimate(&decimator, words, &pcm[HISTORY_SAMPLES], PCM_BLOCK_SAMPLES);
    return &pcm[HISTORY_SAMPLES];
}

// pdm_state_t keeps the mean in Q27, with the offset that it starts from.
int32_t pipeline_mean(void) { return (decimator.dc - mean_at_rest) >> 12; }

HOT uint8_t pipeline_classify(void) {
    for (uint32_t i = 0; i < FRAMES_PER_BLOCK; i++) features_compute(&pcm[i * FEATURE_HOP], frames[i]);
    int8_t output;
    network_push(&output);
    return (uint8_t)(output + 128);
}

const int8_t (*pipeline_features(void))[FEATURE_BANDS] { return (const int8_t(*)[FEATURE_BANDS])frames; }
