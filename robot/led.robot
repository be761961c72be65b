*** Settings ***
Documentation       The LED shows the alarm: full brightness while it is on, at most a glimmer otherwise.
Resource            resources/emberwatch.resource
Test Setup          Forget Board


*** Test Cases ***
The LED Is Dark In Silence
    Power On Board
    Run For    1 s
    LED Should Be Darker Than    0.08

The LED Follows The Alarm On And Off
    Board Hears    t3    -25    duration=5 s
    Alarm Should Go On Within    8 s
    Run For    50 ms
    LED Should Be Brighter Than    0.95
    Alarm Should Go Off Within    14 s
    Run For    50 ms
    LED Should Be Darker Than    0.08
