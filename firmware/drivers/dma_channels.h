// Who owns which DMA channel and DMA interrupt.
#pragma once

#define DMA_CHANNEL_PDM_A 0u    // DMA_IRQ_0
#define DMA_CHANNEL_PDM_B 1u    // DMA_IRQ_0
#define DMA_CHANNEL_CONSOLE 2u  // DMA_IRQ_1
