*** Settings ***
Documentation       One minute of changing sound, alarm included: nothing is lost, nothing is late, every stage keeps its budget.
Resource            ../resources/emberwatch.resource
Suite Setup         Listen For One Minute
Suite Teardown      Forget Board


*** Test Cases ***
No Block Of Sound Is Missed In A Minute
    No Block Should Be Missed

No Deadline Is Missed In A Minute
    No Deadline Should Be Missed

The Console Stays In Order For A Minute
    Console Should Follow Protocol
    No Fault Should Be Reported

Decimation Keeps Its Cycle Budget
    Cycles Should Be Within Budget    pdm_decimate

Features Keep Their Cycle Budget
    Cycles Should Be Within Budget    features_compute

The Network Keeps Its Cycle Budget
    Network Should Be Within Budget

The Event Logic Keeps Its Cycle Budget
    Cycles Should Be Within Budget    events_update

The Whole Loop Keeps Its Cycle Budget
    Cycles Should Be Within Budget    app_process_block

The Processor Sleeps Most Of The Time
    Processor Load Should Be Below    20

Flash And Memory Keep Their Budgets
    Memory Should Be Within Budget    ${FIRMWARE}

The Stack Has Room Left
    Stack Should Have Unused    256


*** Keywords ***
Listen For One Minute
    Forget Board
    Use Budgets    ${BUDGETS}
    Sound    pink_noise    -45    at=0 s
    Sound    speechlike    -30    at=2 s    duration=15 s
    Sound    t3    -25    at=20 s    duration=12 s    frequency_hz=3100
    Sound    sweep    -30    at=38 s    duration=6 s
    Sound    white_noise    -6    at=50 s    duration=4 s
    Sound    clicks    -25    at=55 s
    Power On Board
    Run For    60 s
    Record Speed
