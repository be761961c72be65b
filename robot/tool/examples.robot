*** Settings ***
Documentation       The example projects, each with the steps that its folder holds. Builds them when they are not built.
Library             OperatingSystem
Library             Process
Library             emberwatch.robot.StepsLibrary.StepsLibrary
Suite Setup         Build The Examples


*** Variables ***
${EXAMPLES}         ${CURDIR}/../../examples
${BUILT}            ${CURDIR}/../../build/examples


*** Test Cases ***
Blink Blinks As Fast As Its Button Says
    Power On    ${BUILT}/blink.elf    board=${EXAMPLES}/blink/board.toml    scenario=${EXAMPLES}/blink/test.toml
    Take Steps

The Logger Survives The Loss Of Its Sensor
    Power On    ${BUILT}/sensor_logger.elf    board=${EXAMPLES}/sensor_logger/board.toml
    Expect    /centidegrees=2\\d\\d\\d/
    Unplug    sensor
    Expect    sensor lost    timeout=500 ms
    Plug    sensor
    Expect    /centidegrees=\\d+/

Two Cores End With Their Own Exit Code
    Power On    ${BUILT}/two_cores.elf
    Expect    primes=669
    ${code} =    Exit Code
    Should Be Equal As Integers    ${code}    0

The Lights Show What PIO Sends
    Power On    ${BUILT}/pio_protocol.elf    board=${EXAMPLES}/pio_protocol/board.toml
    Expect    shown=2
    Expect Duty    GP15    0.0    tolerance=0.1

What Is Not So Fails
    Power On    ${BUILT}/blink.elf
    Run Keyword And Expect Error    *text 'never' did not come within 0.05 s*    Expect    never    timeout=50 ms
    Run Keyword And Expect Error    *frequency of GPIO25 is 0 Hz*    Expect Frequency    GP25    7    over=50 ms
    Run Keyword And Expect Error    *no button 'door'*    Press    door
    Run Keyword And Expect Error    *'GP99' must be a pin*    Set Pin    GP99    high

A Brown Out Starts It Anew
    Power On    ${BUILT}/blink.elf
    Expect    blinking
    Brown Out    100 ms
    Expect    blinking    timeout=100 ms

Two Boards Share One Clock
    Power On    ${BUILT}/blink.elf    name=one
    Power On    ${BUILT}/blink.elf    name=other
    Wire Pins    one    25    other    10
    Use Board    other
    Expect    fast    timeout=2 s


*** Keywords ***
Build The Examples
    ${there} =    Run Keyword And Return Status    File Should Exist    ${BUILT}/pio_protocol.elf
    IF    ${there}    RETURN
    ${done} =    Run Process    cmake    -S    ${EXAMPLES}    -B    ${BUILT}    stderr=STDOUT
    Skip If    ${done.rc} != 0    the examples cannot be configured: ${done.stdout}[-300:]
    ${done} =    Run Process    cmake    --build    ${BUILT}    stderr=STDOUT
    Should Be Equal As Integers    ${done.rc}    0    ${done.stdout}
