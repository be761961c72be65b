*** Settings ***
Documentation       Another program drives a board: JSON lines in and out, and every answer is one.
Resource            tool.resource
Suite Setup         Build The Program


*** Test Cases ***
Requests Are Answered One By One
    ${requests} =    Catenate    SEPARATOR=\n
    ...    {"id": 1, "do": "start", "firmware": "${PROGRAM}"}
    ...    {"id": 2, "do": "expect", "text": "ready", "timeout": 1}
    ...    {"id": 3, "do": "save", "name": "here"}
    ...    {"id": 4, "do": "press", "button": "GP10"}
    ...    {"id": 5, "do": "expect", "text": "pressed=1", "timeout": 1}
    ...    {"id": 6, "do": "restore", "name": "here"}
    ...    {"id": 7, "do": "expect", "text": "pressed=1", "timeout": 0.02}
    ...    {"id": 8, "do": "read", "where": "0x10000000", "size": 4}
    ...    {"id": 9, "do": "dance"}
    ...    {"id": 10, "do": "run", "seconds": 0.5}
    ...    {"id": 11, "do": "stop"}
    ${done} =    Emberwatch    serve    stdin=${requests}\n
    Should Be Equal As Integers    ${done.rc}    0    ${done.stderr}
    ${answers} =    Evaluate    {a["id"]: a for a in map(json.loads, $done.stdout.splitlines())}    modules=json
    Length Should Be    ${answers}    11
    ${said_no} =    Evaluate    [n for n, answer in $answers.items() if not answer["ok"]]
    Should Be True    $said_no == [7, 9]
    Should Be Equal    ${answers}[${7}][error][kind]    EmulationTimeout
    Should Be Equal    ${answers}[${9}][error][kind]    UsageError
    Should Be Equal    ${answers}[${2}][result][text]    ready
    Should Be True    ${answers}[${10}][t_s] >= 0.5

Who Asks What There Is Gets Every Step
    ${done} =    Emberwatch    serve    stdin={"do": "steps"}\n
    ${answer} =    Evaluate    json.loads($done.stdout)    modules=json
    FOR    ${step}    IN    expect    press    set_voltage    cut_power
        Should Contain    ${answer}[result]    ${step}
    END
