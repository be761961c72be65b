*** Settings ***
Documentation       The LED shows the alarm: full brightness while it is on, blinking while one is possible, at most a glimmer otherwise.
Resource            resources/emberwatch.resource
Test Setup          Forget Board


*** Test Cases ***
The LED Is Dark In Silence
    Power On Board
    Run For    1 s
    LED Should Be Darker Than    0.08

The LED Blinks While An Alarm Is Possible
    Board Hears    t3    -25    duration=5 s
    Alarm Should Be Possible Within    2 s
    Run For    0.3 s
    ${one} =    LED Brightness
    Run For    0.256 s
    ${other} =    LED Brightness
    Should Be True    abs(${one} - ${other}) > 0.9

The LED Follows The Alarm On And Off
    Board Hears    t3    -25    duration=5 s
    Alarm Should Go On Within    8 s
    Run For    50 ms
    LED Should Be Brighter Than    0.95
    Alarm Should Go Off Within    14 s
    Run For    50 ms
    LED Should Be Darker Than    0.08
