*** Settings ***
Documentation       The example projects, each with the steps that its folder holds.
Resource            tool.resource
Suite Setup         Build The Examples


*** Test Cases ***
Blink Blinks As Fast As Its Button Says
    Power On    ${BUILT}/blink.elf    board=${EXAMPLES}/blink/board.toml    scenario=${EXAMPLES}/blink/test.toml
    Take Steps

The Logger Keeps What Its Steps Promise
    ${folder} =    Set Variable    ${EXAMPLES}/sensor_logger
    Power On    ${BUILT}/sensor_logger.elf    board=${folder}/board.toml    scenario=${folder}/test.toml
    Take Steps

Two Cores End With Their Own Exit Code
    Power On    ${BUILT}/two_cores.elf
    Expect    primes=669
    ${code} =    Exit Code
    Should Be Equal As Integers    ${code}    0

The Lights Show What Their Steps Promise
    ${folder} =    Set Variable    ${EXAMPLES}/pio_protocol
    Power On    ${BUILT}/pio_protocol.elf    board=${folder}/board.toml    scenario=${folder}/test.toml
    Take Steps

A Script Runs On MicroPython
    Skip If    '%{EMBERWATCH_MICROPYTHON=}' == ''    EMBERWATCH_MICROPYTHON names no UF2 file
    ${done} =    Emberwatch    micropython    ${EXAMPLES}/micropython/main.py
    Should Be Equal As Integers    ${done.rc}    0    ${done.stderr}
    Should Start With    ${done.stdout}    duty 0\nduty 25\nduty 50

What Is Not So Fails
    Power On    ${BUILT}/blink.elf
    Run Keyword And Expect Error    *text 'never' did not come within 0.05 s*    Expect    never    timeout=50 ms
    Run Keyword And Expect Error    *frequency of GPIO25 is 0 Hz*    Expect Frequency    GP25    7    over=50 ms
    Run Keyword And Expect Error    *no button 'door'*    Press    door
    Run Keyword And Expect Error    *'GP99' must be a pin*    Set Pin    GP99    high
