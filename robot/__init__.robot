*** Settings ***
Documentation       What the firmware promises, proven on the emulated board with the very ELF that is flashed.
...                 Run from the repository's root: robot robot/
...                 Variables: FIRMWARE (ELF), BOARD, ENGINE (embedded, renode, auto).
Resource            resources/emberwatch.resource
Suite Setup         Firmware Should Exist    ${FIRMWARE}    ${BOARD}
