*** Settings ***
Documentation       Several boards on one bench, wired pin to pin, in one clock.
Resource            tool.resource
Suite Setup         Build Both


*** Test Cases ***
What One Board Sends The Other Answers
    Power On    ${PROGRAM}    name=left
    Power On    ${PROGRAM}    name=right
    Wire Pins    left    0    right    1
    Use Board    left
    Expect    >${SPACE}
    Write    to the right\n
    Expect    echo to the right
    Use Board    right
    Expect    /echo .*to the right/

Two Boards Share One Clock
    Power On    ${BUILT}/blink.elf    name=one
    Power On    ${BUILT}/blink.elf    name=other
    Wire Pins    one    25    other    10
    Use Board    other
    Expect    fast    timeout=2 s


*** Keywords ***
Build Both
    Build The Program
    Build The Examples
