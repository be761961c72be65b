*** Settings ***
Documentation       Everything that is not an alarm leaves the board quiet.
Resource            resources/emberwatch.resource
Test Setup          Forget Board
Test Template       Board Should Stay Quiet


*** Test Cases ***    SOUND    LEVEL    PARAMETERS
Loud White Noise    white_noise    -20
Soft White Noise    white_noise    -50
Loud Pink Noise    pink_noise    -20
A Hum    tone    -25    frequency_hz=100
A Telephone Tone    tone    -25    frequency_hz=440
A Slow Siren    sweep    -25    from_hz=600    to_hz=1400    period_s=4
Slow Sweeps Over The Whole Band    sweep    -25    from_hz=60    to_hz=7000    period_s=6
Clicks And Clatter    clicks    -25
Loud Speech    speechlike    -18
Soft Speech    speechlike    -40

Silence
    [Template]    NONE
    Power On Board
    Board Should Stay Quiet For    5 s

Real Recordings Without An Alarm
    [Template]    NONE
    ${recordings} =    Real Negatives    count=10
    No Recording Should Raise The Alarm    ${recordings}


*** Keywords ***
Board Should Stay Quiet
    [Arguments]    ${sound}    ${level}    &{parameters}
    Board Hears    ${sound}    ${level}    &{parameters}
    Board Should Stay Quiet For    4 s
