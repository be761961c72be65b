#!/usr/bin/env bash
# What action.yml runs: options from the environment, results into a folder, a summary for the job. Exit code as `run`.
set -uo pipefail
results=${1:?give a folder for the results}
mkdir -p "$results"
options=(--timeout "${TIMEOUT:-10}" --json --junit "$results/result.xml" --serial-log "$results/serial.log")
[[ -n ${BOARD:-} ]] && options+=(--board "$BOARD")
[[ -n ${SCENARIO:-} ]] && options+=(--scenario "$SCENARIO")
[[ -n ${AUDIO:-} ]] && options+=(--audio "$AUDIO")
[[ ${REPORT:-} == true ]] && options+=(--report "$results/run.html")
while IFS= read -r line; do [[ -n $line ]] && options+=(--expect "$line"); done <<<"${EXPECT:-}"
while IFS= read -r line; do [[ -n $line ]] && options+=(--fail "$line"); done <<<"${FAIL:-}"
emberwatch run "${FIRMWARE:?give the firmware}" "${options[@]}" >"$results/result.json" 2> >(tee "$results/errors.log" >&2)
code=$?
[[ -n ${GITHUB_OUTPUT:-} ]] && echo "results=$results" >>"$GITHUB_OUTPUT"
if [[ -n ${GITHUB_STEP_SUMMARY:-} ]]; then
    {
        echo "### Emberwatch: $(basename "$FIRMWARE") $([[ $code == 0 ]] && echo passed || echo "failed ($code)")"
        echo '```text'
        tail -n 40 "$results/serial.log" 2>/dev/null | tr -d '`'
        tr -d '`' <"$results/errors.log"
        echo '```'
    } >>"$GITHUB_STEP_SUMMARY"
fi
exit "$code"
