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
    Missed Blocks Should Be Counted    least=2    most=4
    Banner Should Have Come Once

A Loop That Hangs Is Restarted By The Watchdog
    Firmware Stalls    block=5    microseconds=60000000
    Power On Board
    Block Should Be Judged    4
    Board Should Restart Within    10 s
    Fault Should Be Reported Within    watchdog    500 ms
    Block Should Be Judged    10

A Crash Names Its Address And Is Restarted
    Firmware Crashes    block=5
    Power On Board
    Block Should Be Judged    4
    Board Should Restart Within    10 s
    Crash Should Be Reported Within    500 ms
    Block Should Be Judged    10


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
