"""PlatformIO's target `emulate`: the program that was built runs on the emulated chip; its exit code is the build's.

`platformio.ini` names this file as an extra script, and under custom_emberwatch_options what `emberwatch run` is told.
Needs `pip install emberwatch` where `emberwatch` is on PATH.
"""

Import("env")  # noqa: F821 - SCons gives it to the script

options = env.GetProjectOption("custom_emberwatch_options", "")  # noqa: F821
env.AddCustomTarget(  # noqa: F821
    name="emulate",
    dependencies="$BUILD_DIR/${PROGNAME}.elf",
    actions=[f'emberwatch run "$BUILD_DIR/${{PROGNAME}}.elf" {options}'],
    title="Emulate",
    description="Run on an emulated RP2040 (Emberwatch)",
)
