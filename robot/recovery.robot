*** Settings ***
Documentation       What goes wrong is counted, reported and survived. Firmware built for these tests misbehaves once.
Resource            resources/emberwatch.resource
Test Setup          Forget Board
Test Teardown       Forget Board


*** Test Cases ***
A Loop That Stands Still Loses Blocks And Says So
    Firmware Stalls    block=10    microseconds=100000
    Power On Board
    Run For    2500 ms
    Missed Blocks Should Be Counted    2    4
    Banner Should Have Come Once

A Loop That Hangs Is Restarted By The Watchdog
    Firmware Stalls    block=5    microseconds=60000000
    Power On Board
    Wait For Line    W 4    1 s
    Wait For Line    emberwatch    10 s
    Fault Should Be Reported Within    watchdog    500 ms
    Wait For Line    W 10    1 s

A Crash Names Its Address And Is Restarted
    Firmware Crashes    block=5
    Power On Board
    Wait For Line    W 4    1 s
    Wait For Line    emberwatch    10 s
    ${line} =    Wait For Line    FAULT hardfault-    500 ms
    Should Match Regexp    ${line}    ^FAULT hardfault-[0-9a-f]{8} t=
    Wait For Line    W 10    1 s


*** Keywords ***
Firmware Stalls
    [Arguments]    ${block}    ${microseconds}
    ${variant} =    Build Firmware Variant    ${BOARD}    stall_${block}_${microseconds}
    ...    INJECT_STALL_BLOCK=${block}    INJECT_STALL_US=${microseconds}
    Use Firmware    ${variant}

Firmware Crashes
    [Arguments]    ${block}
    ${variant} =    Build Firmware Variant    ${BOARD}    crash_${block}    INJECT_CRASH_BLOCK=${block}
    Use Firmware    ${variant}
