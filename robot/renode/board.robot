*** Settings ***
Documentation       The board in Renode's own test style. Run with: renode-test robot/renode/board.robot
...                 Elsewhere these tests are skipped: their keywords come from Renode.
Suite Setup         Begin Suite
Suite Teardown      End Suite
Test Teardown       End Test
Test Tags           renode


*** Variables ***
${BOARD}            pico
${SCRIPT}           ${CURDIR}/../../platforms/renode/${BOARD}.resc
${SERVED}           ${False}
@{GIVEN BY RENODE-TEST}    CONFIGURATION    DIRECTORY    BINARY_NAME    PORT_NUMBER    NET_PLATFORM    SKIP_RUNNING_SERVER
...    SERVER_REMOTE_DEBUG    SERVER_REMOTE_PORT    SERVER_REMOTE_SUSPEND    DISABLE_GUI    HOTSPOT_ACTION    HOLD_ON_ERROR
...    SAVE_LOGS    SAVE_LOGS_WHEN    CREATE_SNAPSHOT_ON_FAIL    CREATE_EXECUTION_METRICS    PROFILER_PROCESS    RENODETOOLS


*** Test Cases ***
The Board Boots And Names Itself
    Power On
    Wait For Line On Uart    emberwatch    timeout=1
    Wait For Line On Uart    W 0    timeout=1

A Breakpoint In The Event Logic Is Reached
    Power On
    ${pc} =    Execute Command    sysbus GetSymbolAddress "events_update"
    Execute Command    cpu AddHook ${pc.strip()} "self.InfoLog('events_update reached')"
    Create Log Tester    1
    Wait For Log Entry    events_update reached

A WAV File Is Heard
    [Tags]    needs-sound
    ${wav} =    Get Variable Value    ${WAV}
    Skip If    $wav is None    give a recording of an alarm: --variable WAV:smoke.wav
    Power On
    Wait For Line On Uart    W 0    timeout=1
    Execute Command    mic PlayWav @${wav}
    Wait For Line On Uart    ALARM on    timeout=20

Nothing Is Accessed That Is Not There
    Power On
    Wait For Line On Uart    W 3    timeout=1
    ${reads} =    Execute Command    sysbus UnexpectedReads
    ${writes} =    Execute Command    sysbus UnexpectedWrites
    Should Be Equal As Integers    ${reads.strip()}    0
    Should Be Equal As Integers    ${writes.strip()}    0


*** Keywords ***
Begin Suite
    ${keywords} =    Get Variable Value    ${RENODEKEYWORDS}
    Skip If    $keywords is None    these tests need Renode's keywords; run: renode-test robot/renode/board.robot
    # The resource's own values would take the place of those that renode-test gave on the command line.
    &{given} =    Get Variables    no_decoration=True
    Import Resource    ${keywords}
    FOR    ${name}    IN    @{GIVEN BY RENODE-TEST}
        IF    $name in $given    Set Suite Variable    $${name}    ${given}[${name}]
    END
    Run Keyword    Setup
    Set Suite Variable    ${SERVED}    ${True}

End Suite
    IF    ${SERVED}    Run Keyword    Teardown

End Test
    IF    ${SERVED}    Run Keyword    Test Teardown

Power On
    Run Keyword    Reset Emulation
    Execute Command    include @${SCRIPT}
    Create Terminal Tester    sysbus.uart0
    Start Emulation
