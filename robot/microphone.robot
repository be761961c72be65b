*** Settings ***
Documentation       A broken microphone is reported, and its repair is noticed without a restart.
Resource            resources/emberwatch.resource
Test Setup          Forget Board


*** Test Cases ***
A Data Line Stuck High Is Reported And Recovers
    Fault Should Be Reported And Cleared    stuck_high    mic-stuck-high

A Data Line Stuck Low Is Reported And Recovers
    Fault Should Be Reported And Cleared    stuck_low    mic-stuck-low

A Missing Microphone Is Reported And Recovers
    Fault Should Be Reported And Cleared    missing    mic-stuck-low

A Large Offset Is Reported And Recovers
    Board Hears    pink_noise    -40
    Run For    500 ms
    Set Microphone    offset=0.7
    Fault Should Be Reported Within    mic-dc    3 s
    Repair Microphone
    Fault Should Be Reported Within    none    3 s

Clipping Is Reported And Recovers
    Board Hears    pink_noise    -12
    Run For    500 ms
    Set Microphone    gain=8
    Fault Should Be Reported Within    mic-clipping    3 s
    Repair Microphone
    Fault Should Be Reported Within    none    3 s

A Deaf Microphone Is Reported After A Minute And Recovers
    Board Hears    pink_noise    -40
    Run For    500 ms
    Set Microphone    gain=0
    Run For    58 s
    No Fault Should Be Reported
    Fault Should Be Reported Within    mic-deaf    4 s
    Repair Microphone
    Fault Should Be Reported Within    none    3 s


*** Keywords ***
Fault Should Be Reported And Cleared
    [Arguments]    ${fault}    ${name}
    Board Hears    pink_noise    -40
    Run For    500 ms
    No Fault Should Be Reported
    Break Microphone    ${fault}
    Fault Should Be Reported Within    ${name}    3 s
    Repair Microphone
    Fault Should Be Reported Within    none    3 s
    Run For    1 s
    No Block Should Be Missed
