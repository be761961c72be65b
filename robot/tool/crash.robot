*** Settings ***
Documentation       A crash is told with all that one asks first, and is never a success; an end of one's own is no crash.
Resource            tool.resource
Suite Setup         Build The Program


*** Test Cases ***
A Crash Fails The Step
    Power On    ${PROGRAM}
    Expect    ready
    Write    crash\n
    Run Keyword And Expect Error    *locked up*    Expect    never

A Crash Is Told On The Command Line And In JSON
    ${scenario} =    Set Variable    [[step]]\nexpect = "> "\n[[step]]\nwrite = "crash\\n"\n[[step]]\nwait = 1\n
    Create File    ${OUTPUT_DIR}/crash.toml    ${scenario}
    ${result} =    Result Of    ${PROGRAM}    --scenario    ${OUTPUT_DIR}/crash.toml    rc=1
    Should Be Equal    ${result}[outcome]    crashed
    Should Contain    ${result}[crash][title]    undefined instruction
    Should Be True    any("main" in frame for frame in $result["crash"]["backtrace"])
    Should Be Equal As Integers    ${result}[crash][registers][pc]    ${result}[crash][instructions][-1][pc]

What Main Returns Is The Exit Code
    Power On    ${PROGRAM}
    Expect    >${SPACE}
    Write    return\n
    Wait    50 ms
    ${code} =    Exit Code
    Should Be Equal As Integers    ${code}    3
