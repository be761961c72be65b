# ruff: noqa: D100, D103, F821  (a script that Renode runs, in IronPython, with names of its own)
# A scripted fault of the microphone: a contact that opens for 100 ms again and again.
# IronPython 2.7 runs this whole file at each access, in a scope that lives on: functions belong into the first branch.
if request.IsInit:
    # An extension method in C#, which Python sees only where it is defined.
    mach = Antmicro.Renode.Peripherals.IPeripheralExtensions.GetMachine(self)
    period_ms = 0
    opened = 0

    def contact(broken):
        mach["sysbus.mic"].Break("missing" if broken else "none")

    def opens(_):
        global opened
        if period_ms:
            opened += 1
            contact(True)
            mach.ScheduleAction(Antmicro.Renode.Time.TimeInterval.FromMicroseconds(100000), closes)

    def closes(_):
        contact(False)
        if period_ms:
            mach.ScheduleAction(Antmicro.Renode.Time.TimeInterval.FromMicroseconds(1000 * period_ms), opens)

elif request.IsUser:
    # sensor ControlWrite 1 PERIOD_MS: start; sensor ControlWrite 0 0: stop.
    started = request.Offset == 1
    period_ms = int(request.Value) if started else 0
    contact(False)
    if started:
        mach.ScheduleAction(Antmicro.Renode.Time.TimeInterval.FromMicroseconds(1000 * period_ms), opens)

elif request.IsRead:
    # What the program sees at 0x60000000: how often the contact has opened.
    request.Value = opened
