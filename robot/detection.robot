*** Settings ***
Documentation       Alarms are heard: by the standards, at several levels, in noise, and from real recordings.
Resource            resources/emberwatch.resource
Test Setup          Forget Board
Test Template       Alarm Should Be Heard


*** Test Cases ***    SOUND    LEVEL    WITHIN    PARAMETERS
A Loud T3 Alarm At 3.1 kHz    t3    -12    8 s    frequency_hz=3100
A T3 Alarm At 3.1 kHz In A Quiet Room    t3    -25    8 s    frequency_hz=3100
A Distant T3 Alarm At 3.1 kHz    t3    -40    8 s    frequency_hz=3100
A T3 Alarm At 520 Hz In A Quiet Room    t3    -25    8 s    frequency_hz=520    waveform=square
A T4 Alarm    t4    -25    12 s    frequency_hz=3200
A Continuous Alarm At 2.9 kHz    continuous    -25    6 s    frequency_hz=2900
A Fast Pulsed European Alarm    pulsed    -25    6 s    frequency_hz=3400    on_s=0.1    off_s=0.1

A T3 Alarm At 3.1 kHz In Pink Noise
    [Template]    Alarm Should Be Heard In Noise
    t3    -25    pink_noise    -35    8 s    frequency_hz=3100

A T3 Alarm At 520 Hz In Pink Noise
    [Template]    Alarm Should Be Heard In Noise
    t3    -25    pink_noise    -35    8 s    frequency_hz=520    waveform=square

A T3 Alarm At 3.1 kHz In White Noise
    [Template]    Alarm Should Be Heard In Noise
    t3    -25    white_noise    -35    8 s    frequency_hz=3100

A T3 Alarm At 3.1 kHz While People Speak
    [Template]    Alarm Should Be Heard In Noise
    t3    -25    speechlike    -30    8 s    frequency_hz=3100

The T3 Cadence Is Named
    [Template]    NONE
    Board Hears    t3    -25    frequency_hz=3100
    Alarm Should Go On Within    14 s    kind=t3

The Alarm Goes Off After The Sound Has Ended
    [Template]    NONE
    Board Hears    t3    -25    frequency_hz=3100    duration=5 s
    Alarm Should Go On Within    8 s
    Alarm Should Go Off Within    14 s

Real Alarm Recordings
    [Template]    NONE
    ${recordings} =    Real Alarms
    Every Recording Should Raise The Alarm    ${recordings}


*** Keywords ***
Alarm Should Be Heard
    [Arguments]    ${sound}    ${level}    ${within}    &{parameters}
    Board Hears    ${sound}    ${level}    &{parameters}
    Alarm Should Go On Within    ${within}

Alarm Should Be Heard In Noise
    [Arguments]    ${sound}    ${level}    ${noise}    ${noise_level}    ${within}    &{parameters}
    Board Hears In Noise    ${sound}    ${level}    ${noise}    ${noise_level}    &{parameters}
    Alarm Should Go On Within    ${within}
