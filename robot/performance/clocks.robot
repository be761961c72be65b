*** Settings ***
Documentation       The firmware can be built for slower clocks and then still keeps up, at the same PDM and sample rate.
Resource            ../resources/emberwatch.resource
Test Setup          Forget Board
Test Teardown       Forget Board
Test Template       Firmware Should Keep Up At


*** Test Cases ***    CLOCK
96 MHz    96000000
64 MHz    64000000
48 MHz    48000000

The Slowest Clock That Keeps Up Is Below 25 MHz
    [Template]    NONE
    ${hz} =    Slowest Clock That Keeps Up    ${BOARD}    48000000    36000000    24000000    18000000    15000000
    Should Be True    18000000 <= ${hz} < 25000000


*** Keywords ***
Firmware Should Keep Up At
    [Arguments]    ${hz}
    ${variant} =    Build Firmware For Clock    ${BOARD}    ${hz}
    Use Firmware    ${variant}
    Board Hears    t3    -25    frequency_hz=3100
    Alarm Should Go On Within    5 s
    Run For    1 s
    ${lines} =    Console Lines
    Should Contain    ${lines}[0]    clk=${hz} pdm=1024000 rate=16000
    No Block Should Be Missed
    No Deadline Should Be Missed
