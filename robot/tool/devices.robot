*** Settings ***
Documentation       What is on a board's pins: devices of the board file, one of the user's own, unplugged and plugged.
Resource            tool.resource
Suite Setup         Build The Examples


*** Test Cases ***
The Logger Tells The Sensor's Temperature And Survives Its Loss
    Power On    ${BUILT}/sensor_logger.elf    board=${EXAMPLES}/sensor_logger/board.toml
    Expect    /centidegrees=2\\d\\d\\d/
    Set Device    sensor    celsius    61
    Expect    /centidegrees=6[01]\\d\\d/
    Unplug    sensor
    Expect    sensor lost    timeout=500 ms
    Plug    sensor
    Expect    /centidegrees=\\d+/

The Lights Show What PIO Sends
    Power On    ${BUILT}/pio_protocol.elf    board=${EXAMPLES}/pio_protocol/board.toml
    Expect    shown=7
    ${colours} =    Evaluate    [[255, 0, 0], [0, 7, 0], [1, 2, 3]]
    Expect Device    strip    colours    ${colours}
    ${dark} =    Evaluate    [[0, 0, 0]] * 3
    Run Keyword And Expect Error    *colours of strip*    Expect Device    strip    colours    ${dark}

A Device Of One's Own Answers
    ${code} =    Catenate    SEPARATOR=\n    from emberwatch.devices import Device
    ...    class Thermometer(Device):
    ...    ${SPACE}${SPACE}name, i2c_addresses = "thermometer", frozenset({0x68})
    ...    ${SPACE}${SPACE}def i2c_write(self, data, ps):
    ...    ${SPACE}${SPACE}${SPACE}${SPACE}self.at = data[0] if data else 0
    ...    ${SPACE}${SPACE}def i2c_read(self, ps):
    ...    ${SPACE}${SPACE}${SPACE}${SPACE}return b"\\x68" if self.at == 0x75 else b"\\x04\\x00"
    Create File    ${OUTPUT_DIR}/own_device.py    ${code}\n
    Create File    ${OUTPUT_DIR}/own_board.toml
    ...    [devices.own]\ntype = "own_device.py:Thermometer"\nsda = 4\nscl = 5\n
    Power On    ${BUILT}/sensor_logger.elf    board=${OUTPUT_DIR}/own_board.toml
    Refuse    no sensor
    ${seen} =    Expect    /centidegrees=(\\d+)/
    Should Be True    abs(${seen.groups}[0] - 3953) <= 1    1024 / 340 + 36.53, by the MPU-6050's register map

A Wrong Board File Is Refused In A Line
    Create File    ${OUTPUT_DIR}/wrong.toml    [devices.x]\ntype = "Bme281"\nsda = 4\nscl = 5\n
    Run Keyword And Expect Error    *Bme281*    Power On    ${BUILT}/blink.elf    board=${OUTPUT_DIR}/wrong.toml
