*** Settings ***
Documentation       The board comes up and says what it is.
Resource            resources/emberwatch.resource
Test Setup          Forget Board


*** Test Cases ***
The Image Carries A Second Stage That The Boot ROM Accepts
    Image Should Be Bootable    ${FIRMWARE}

The First Line Names Version, Board, Model And Clocks
    Power On Board
    ${line} =    Wait For Line    emberwatch    500 ms
    ${hash} =    Model Hash    ${MODEL}
    Should Contain    ${line}    board=${BOARD}
    Should Contain    ${line}    model=${hash}
    Should Contain    ${line}    clk=125000000
    Should Contain    ${line}    pdm=1024000 rate=16000 block=512
    ${lines} =    Console Lines
    Should Be Equal    ${lines}[0]    ${line}    Something was printed before the banner

The First Window Is Judged Within A Fifth Of A Second
    Power On Board
    Wait For Line    W 0    200 ms

The Board Does Not Restart By Itself
    Power On Board
    Run For    3 s
    Banner Should Have Come Once
    No Fault Should Be Reported

Every Console Line Follows The Protocol
    Board Hears    t3    -25
    Run For    5 s
    Console Should Follow Protocol
    Windows Should Come Every Block    tolerance=20 ms

The Console Could Not Carry What The Microphone Hears
    Board Hears    speechlike    -25
    Run For    3 s
    UART Should Not Carry Sound
