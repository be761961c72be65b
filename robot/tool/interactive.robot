*** Settings ***
Documentation       The terminal, a pipe or a TCP port as the board's console.
Resource            tool.resource
Suite Setup         Build The Program


*** Test Cases ***
A Pipe Types On The Console And The Program's Code Is The Command's
    ${done} =    Emberwatch    run    ${PROGRAM}    --interactive    --fast    stdin=hello\nexit\n
    Should Be Equal As Integers    ${done.rc}    7    ${done.stderr}
    # What the UART still had to send comes after what semihosting said at once.
    ${shown} =    Evaluate    $done.stdout.replace("bye\\n", "")
    Should Start With    ${shown}    ready\n> echo hello\n> \n

A Serial Port Is On TCP
    ${python} =    Evaluate    sys.executable    modules=sys
    ${port} =    Evaluate    (lambda s: (s.bind(("127.0.0.1", 0)), s.getsockname()[1], s.close())[1])(socket.socket())
    ...    modules=socket
    Start Process    ${python}    -m    emberwatch    run    ${PROGRAM}    --tcp    uart0\=${port}    --fast    alias=board
    Wait Until Keyword Succeeds    30 s    50 ms    Say On    ${port}    exit\n
    ${done} =    Wait For Process    board    timeout=30 s    on_timeout=kill
    Should Be Equal As Integers    ${done.rc}    7    ${done.stderr}


*** Keywords ***
Say On
    [Arguments]    ${port}    ${text}
    Evaluate    (lambda s: (s.sendall(b"""${text}"""), s.close()))(socket.create_connection(("127.0.0.1", ${port})))
    ...    modules=socket
