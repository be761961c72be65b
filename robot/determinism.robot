*** Settings ***
Documentation       A run is a function of firmware, board, sound and seed.
Resource            resources/emberwatch.resource
Test Setup          Forget Board


*** Test Cases ***
Two Runs Are Identical To The Cycle
    Sound    t3    -25    frequency_hz=3100
    Sound    pink_noise    -45    at=0 s
    Run Twice And Compare    5 s
