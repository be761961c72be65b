*** Settings ***
Documentation       `--json` on every outcome: one object, with the keys that its published schema asks for.
Resource            tool.resource
Suite Setup         Build And Read The Schema


*** Test Cases ***
Every Outcome Has Its Object
    [Template]    A Run Ends
    passed    0    --expect    ready
    failed    1    --expect    never    --timeout    20 ms
    error    2    --board    no_such_board
    ended    7    --scenario    ${OUTPUT_DIR}/exit.toml


*** Keywords ***
Build And Read The Schema
    Build The Program
    ${scenario} =    Set Variable    [[step]]\nexpect = "> "\n[[step]]\nwrite = "exit\\n"\n[[step]]\nwait = 1\n
    Create File    ${OUTPUT_DIR}/exit.toml    ${scenario}
    ${schema} =    Evaluate    json.loads(importlib.resources.files("emberwatch.cli").joinpath("run.schema.json").read_text())
    ...    modules=json,importlib.resources
    VAR    ${SCHEMA}    ${schema}    scope=SUITE

A Run Ends
    [Arguments]    ${outcome}    ${rc}    @{arguments}
    ${result} =    Result Of    ${PROGRAM}    @{arguments}    rc=${rc}
    Should Be Equal    ${result}[outcome]    ${outcome}
    Should Be Equal    ${result}[schema]    ${SCHEMA}[properties][schema][const]
    ${required} =    Evaluate
    ...    set($SCHEMA["required"]) | (set($SCHEMA["then"]["required"]) if "firmware" in $result else set())
    Should Be True    $required <= set($result)
    Should Be True    $result["exit_code"] == 0 or $result["outcome"] == "ended" or $result["message"] != ""
