*** Settings ***
Documentation       What a hand and the world do to a board, and what is measured on its pins.
Resource            tool.resource
Suite Setup         Build The Program
Test Setup          Power On    ${PROGRAM}


*** Test Cases ***
A Button Is Clicked, Held And Let Go
    Expect    ready
    Click    GP10    held=20 ms
    Expect    pressed=1
    Press    10
    Expect    pressed=2
    Release    10
    Wait    10 ms
    Set Pin    GP10    low
    Expect    pressed=3

Voltages And Waves Come Into The ADC
    Expect    ready
    Set Voltage    GP26    1.0
    Write    adc\n
    ${seen} =    Expect    /adc=(\\d+)/
    Should Be True    abs(${seen.groups}[0] * 3.3 / 4096 - 1.0) < 0.003
    Evaluate    soundfile.write($OUTPUT_DIR + "/steady.wav", [0.5] * 4000, 8000)    modules=soundfile
    Play Voltage    GP26    ${OUTPUT_DIR}/steady.wav    volts=2.0    offset=1.0
    Wait    0.1
    Write    adc\n
    ${seen} =    Expect    /adc=(\\d+)/
    Should Be True    abs(${seen.groups}[0] * 3.3 / 4096 - 2.0) < 0.003

Frequency, Duty Cycle And Angle Are Measured
    Expect    ready
    ${hertz} =    Expect Frequency    GP14    1000
    Should Be True    abs(${hertz} - 1000) < 0.1
    Expect Duty    GP14    0.25
    Expect Servo    GP16    90
    Expect Pin    GP14    high    within=2 ms
    Run Keyword And Expect Error    *frequency of GPIO14 is 1000 Hz, expected 50*    Expect Frequency    GP14    50

A Scenario Of Wokwi Runs As It Is
    ${yaml} =    Catenate    SEPARATOR=\n    name: as there    version: 1    steps:    - wait-serial: "ready"
    ...    - delay: 5ms    - write-serial: "over\\n"    - wait-serial: "echo over"
    Create File    ${OUTPUT_DIR}/wokwi.yaml    ${yaml}\n
    ${done} =    Emberwatch    run    ${PROGRAM}    --scenario    ${OUTPUT_DIR}/wokwi.yaml
    Should Be Equal As Integers    ${done.rc}    0    ${done.stdout}${done.stderr}
