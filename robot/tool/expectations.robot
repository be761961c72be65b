*** Settings ***
Documentation       What a program must print, and must not: in keywords, and on the command line with its exit codes.
Resource            tool.resource
Suite Setup         Build The Program


*** Test Cases ***
Texts Come In Order, Prompts Too
    Power On    ${PROGRAM}
    Expect    ready
    Expect    >${SPACE}
    Write    one\n
    Write    two\n
    ${seen} =    Expect    /echo (\\w+)/
    Should Be Equal    ${seen.groups}[0]    one
    Expect    echo two
    Run Keyword And Expect Error    *text 'echo one' did not come within 0.05 s*    Expect    echo one    timeout=50 ms

What Must Not Come Fails At Once
    Power On    ${PROGRAM}
    Expect    ready
    Refuse    /echo \\d+/
    Write    word\n
    Expect    echo word
    Write    17\n
    Run Keyword And Expect Error    *echo 17*    Expect    never

The Command Line Says It By Its Exit Code
    ${done} =    Emberwatch    run    ${PROGRAM}    --expect    ready    --expect    /^> $/    --fail    panic
    ...    --junit    ${OUTPUT_DIR}/junit.xml
    Should Be Equal As Integers    ${done.rc}    0    ${done.stderr}
    ${junit} =    Get File    ${OUTPUT_DIR}/junit.xml
    Should Contain    ${junit}    tests="4" failures="0"
    ${done} =    Emberwatch    run    ${PROGRAM}    --fail    ready
    Should Be Equal As Integers    ${done.rc}    1
    ${done} =    Emberwatch    run    ${PROGRAM}    --expect    /(/
    Should Be Equal As Integers    ${done.rc}    2
    Should Contain    ${done.stderr}    /(/ is no regular expression
