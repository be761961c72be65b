*** Settings ***
Documentation       Sound never leaves the device: no output could carry it, whatever the board hears.
Resource            resources/emberwatch.resource
Library             emberwatch.robot.PrivacyLibrary.PrivacyLibrary    AS    Privacy
Test Setup          Forget Board


*** Test Cases ***
Speech Does Not Leave The Board
    Board Hears    speechlike    -18
    Run For    5 s
    Nothing Should Leave But Verdicts

An Alarm In Noise Does Not Leave The Board
    Board Hears In Noise    t3    -20    white_noise    -35
    Run For    5 s
    Nothing Should Leave But Verdicts


*** Keywords ***
Nothing Should Leave But Verdicts
    Outputs Should Not Carry Raw Audio
    Console Should Say Nothing But The Protocol
    Usb Should Be Off
    Only Known Pins Should Be Connected
