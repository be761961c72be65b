*** Settings ***
Documentation       Renode and the embedded engine run the same ELF in the same scenario and agree. Needs Renode.
Resource            ../resources/emberwatch.resource
Library             emberwatch.robot.EnginesLibrary.EnginesLibrary    AS    Engines
Suite Setup         Both Engines Should Be There
Test Setup          Forget Board
Test Template       Engines Should Agree


*** Variables ***
${DURATION}         3 s


*** Test Cases ***    SOUND    LEVEL    PARAMETERS
On A T3 Alarm    t3    -25    frequency_hz=3100
On Speech    speechlike    -25
On Loud Noise    white_noise    -10


*** Keywords ***
Engines Should Agree
    [Arguments]    ${sound}    ${level}    &{parameters}
    Sound    ${sound}    ${level}    &{parameters}
    Run On Both Engines    ${DURATION}
    Consoles Should Be Equal
    PCM Should Be Equal
    Features Should Be Equal
    Network Outputs Should Be Equal
    Cycles Should Agree Within    2
