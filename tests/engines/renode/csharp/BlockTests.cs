// Registers, interrupts, pins and serial ports behind Renode's windows.
using System;
using System.IO;
using System.Linq;
using System.Text;

using Antmicro.Renode.Core;
using Antmicro.Renode.Exceptions;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Peripherals.Miscellaneous;
using Antmicro.Renode.Peripherals.UART;

using static Check;

public static class BlockTests
{
    public static void Registers_are_read_and_written_in_every_width_and_alias()
    {
        var rig = new Rig().Clocked();
        var scratch = Rig.Watchdog + 0xC;
        rig.Write(scratch, 0x12345678);
        Equal(0x12345678u, rig.Read(scratch), "scratch");
        rig.Write(scratch + Rig.Set, 0x80000001);
        Equal(0x92345679u, rig.Read(scratch), "set alias");
        rig.Write(scratch + Rig.Clr, 0xF0000000);
        Equal(0x02345679u, rig.Read(scratch), "clear alias");
        var window = rig.Window(Rig.Watchdog);
        Equal((byte)0x56, window.ReadByte(0xD), "byte");
        Equal((ushort)0x0234, window.ReadWord(0xE), "half-word");
        window.WriteByte(0xC, 0xAB);
        Equal(0xABABABABu, rig.Read(scratch), "a narrow store reaches all lanes");
        Equal(0xABABABABu, window.Peek(0xC), "peek");
    }

    public static void A_refused_access_is_logged_with_the_blocks_name_and_kept()
    {
        var rig = new Rig().Clocked();
        Logger.Lines.Clear();
        string seen = null;
        rig.Chip.FaultHandler = text => seen = text;
        rig.Read(0x40068000);
        True(Logger.Lines.Any(l => l.StartsWith("Error RP2040_Window") && l.Contains("0x40068000")), "logged");
        True(rig.Chip.FaultText.Contains("not modelled"), rig.Chip.FaultText);
        Equal(rig.Chip.FaultText, seen, "handler");
        rig.Chip.Reset();
        Equal(null, rig.Chip.FaultText, "forgotten at reset");
    }

    public static void The_log_names_registers_and_their_aliases()
    {
        var rig = new Rig();
        Equal("UARTDR", rig.Uart.NameOf(0), "plain");
        Equal("UARTCR.SET", rig.Window(Rig.Uart0).NameOf(0x2030), "alias");
        Equal("CH3_CTRL_TRIG", rig.Window(Rig.Dma).NameOf(0xCC), "counted");
        Equal("+0xF00", rig.Window(Rig.Dma).NameOf(0xF00), "no register");
        Equal("SPINLOCK31", new RP2040_Window(rig.Chip, Rig.Sio, 0x1000).NameOf(0x17C), "a window without aliases");
    }

    public static void The_library_is_found_beside_the_command_or_in_the_virtual_environment()
    {
        var root = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName())).FullName;
        var path = Environment.GetEnvironmentVariable("PATH");
        var start = Environment.GetEnvironmentVariable("PWD");
        try
        {
            var tree = Path.Combine(root, "tree");
            Environment.SetEnvironmentVariable("PWD", tree);
            Environment.SetEnvironmentVariable("PATH", Path.Combine(root, "nothing") + Path.PathSeparator + Path.Combine(root, "bin"));
            Equal(null, RP2040Native.Search(), "nothing there");
            var ofTree = Touch(tree, ".venv", "lib", "python3.12", "site-packages", "emberwatch", "librp2040.so");
            Equal(ofTree, RP2040Native.Search(), "virtual environment");
            Touch(root, "bin", "emberwatch");
            var ofCommand = Touch(root, "lib", "python3.11", "site-packages", "emberwatch", "librp2040.so");
            Equal(ofCommand, RP2040Native.Search(), "command");
            File.Delete(ofCommand);
            var ofSources = Touch(root, "sources", "emberwatch", "librp2040.so");
            var pth = Touch(root, "lib", "python3.11", "site-packages", "tree.pth");
            File.WriteAllText(pth, "import something\n\n" + Path.Combine(root, "nothing") + "\n" + Path.Combine(root, "sources") + "\n");
            Equal(ofSources, RP2040Native.Search(), "an editable installation");
        }
        finally
        {
            Environment.SetEnvironmentVariable("PATH", path);
            Environment.SetEnvironmentVariable("PWD", start);
            Directory.Delete(root, true);
        }
    }

    private static string Touch(params string[] names)
    {
        var path = Path.Combine(names);
        Directory.CreateDirectory(Path.GetDirectoryName(path));
        File.WriteAllText(path, "");
        return path;
    }

    public static void Construction_errors_name_the_value()
    {
        var machine = new Machine();
        var cpu = new TranslationCPU(machine);
        Throws<ConstructionException>(() => new RP2040(machine, cpu, flashSize: 100000), "flashSize");
        var chip = new RP2040(machine, cpu);
        cpu.PerformanceInMips = 133;
        Throws<RecoverableException>(() => chip.Start(0, 0), "133");
    }

    public static void The_timers_interrupt_comes_at_its_time_and_follows_the_level()
    {
        var rig = new Rig().Clocked();
        rig.Write(Rig.Watchdog + 0x2C, 0x200 | 12);
        rig.Write(Rig.Timer + 0x38, 1);
        var start = rig.Read(Rig.Timer + 0x28);
        rig.Write(Rig.Timer + 0x10, start + 100);
        var before = rig.Machine.Now;
        rig.Wait(98000);
        True(!rig.Nvic[0], "too early");
        rig.Wait(5000);
        True(rig.Nvic[0], "too late");
        // No instruction runs here, so the accesses' own time comes on top of what the machine has waited.
        var passed = rig.Read(Rig.Timer + 0x28) - start;
        True(passed >= 102 && passed <= 104, "virtual time is the chip's time: " + passed);
        rig.Write(Rig.Timer + 0x34, 1);
        True(!rig.Nvic[0], "level follows INTR");
        True(rig.Machine.Now - before == 103000, "time");
    }

    public static void Planned_actions_do_not_pile_up()
    {
        var rig = new Rig().Clocked();
        rig.Write(Rig.Watchdog + 0x2C, 0x200 | 12);
        rig.Write(Rig.Timer + 0x38, 1);
        for(uint n = 0; n < 50; n++) // alarms that move nearer: each wants a new action
        {
            rig.Write(Rig.Timer + 0x10, rig.Read(Rig.Timer + 0x28) + 1000 - 10 * n);
        }
        rig.Wait(100000000);
        True(rig.Machine.Outstanding <= 2, "outstanding: " + rig.Machine.Outstanding);
    }

    public static void Uart_bytes_reach_listeners_and_come_from_them()
    {
        var rig = new Rig().Clocked();
        rig.Write(Rig.IoBank0 + 4, 2);
        rig.Write(Rig.IoBank0 + 12, 2);
        rig.Write(Rig.Uart0 + 0x24, 67);
        rig.Write(Rig.Uart0 + 0x28, 52);
        rig.Write(Rig.Uart0 + 0x2C, 0x70);
        rig.Write(Rig.Uart0 + 0x30, 0x301);
        rig.Write(Rig.Uart0 + 0x38, 0x50);
        var text = new StringBuilder();
        rig.Uart.CharReceived += b => text.Append((char)b);
        foreach(var c in "Hello")
        {
            rig.Write(Rig.Uart0, c);
        }
        rig.Wait(100000);
        Equal("H", text.ToString(), "one character takes 87 us");
        rig.Wait(400000);
        Equal("Hello", text.ToString(), "text");
        rig.Uart.WriteChar((byte)'x');
        rig.Wait(1000000);
        True(rig.Nvic[20], "RX interrupt");
        Equal((uint)'x', rig.Read(Rig.Uart0) & 0xFF, "received");
        True(Math.Abs((long)rig.Uart.BaudRate - 115200) < 300, "baud " + rig.Uart.BaudRate);
        Equal(Parity.None, rig.Uart.ParityBit, "parity");
        rig.Uart.Listening = false;
        rig.Write(Rig.Uart0, 'z');
        rig.Wait(200000);
        Equal("Hello", text.ToString(), "left to the library's own client");
    }

    public static void Sio_and_pwm_drive_the_led()
    {
        var rig = new Rig().Clocked();
        rig.Write(Rig.IoBank0 + 8 * 25 + 4, 5);
        rig.Write(Rig.Sio + 0x24, 1 << 25);
        rig.Write(Rig.Sio + 0x14, 1 << 25);
        rig.Wait(1000);
        rig.Chip.Synchronise();
        True(rig.Led[0], "on by SIO");
        rig.Write(Rig.Sio + 0x18, 1 << 25);
        rig.Wait(1000);
        rig.Chip.Synchronise();
        True(!rig.Led[0], "off by SIO");
        rig.Write(Rig.Pwm + 0x50 + 0x10, 999);
        rig.Write(Rig.Pwm + 0x50 + 0xC, 900u << 16);
        rig.Write(Rig.Pwm + 0x50, 1);
        rig.Write(Rig.IoBank0 + 8 * 25 + 4, 4);
        rig.Wait(1000000);
        rig.Chip.Synchronise();
        var changes = rig.Led.Changes;
        True(rig.Led[0] && Math.Abs(rig.Gpio.Brightness(25) - 90) < 1, "90 % is on: " + rig.Gpio.Brightness(25));
        rig.Wait(1000000);
        Equal(changes, rig.Led.Changes, "no flicker at the PWM's rate");
        rig.Gpio.OnGPIO(7, true);
        rig.Wait(1000);
        True((rig.Read(Rig.Sio + 4) >> 7 & 1) == 1, "driven from outside");
    }

    public static void Numbers_outside_their_range_are_refused_with_it()
    {
        var rig = new Rig().Clocked();
        var microphone = new Antmicro.Renode.Peripherals.Sound.RP2040_PDMMicrophone(rig.Chip, 3, 2);
        var before = rig.Chip.SkipGranularity;
        Throws<RecoverableException>(() => rig.Chip.SkipGranularity = -5, "SkipGranularity = -5 is outside 1 to 1000000");
        Throws<RecoverableException>(() => rig.Chip.SkipGranularity = 0, "outside 1 to");
        Equal(before, rig.Chip.SkipGranularity, "as before");
        Throws<RecoverableException>(() => rig.Gpio.Brightness(-1), "pin = -1 is outside 0 to 29");
        Throws<RecoverableException>(() => rig.Gpio.Brightness(99), "pin = 99");
        Throws<RecoverableException>(() => rig.Gpio.OnGPIO(30, true), "pin = 30");
        Throws<RecoverableException>(() => rig.Uart.Peek(-4), "offset = -4");
        Throws<RecoverableException>(() => rig.Uart.Peek(0x4000), "offset = 16384");
        Throws<RecoverableException>(() => rig.Chip.Start(-1, 0), "pc = -1");
        Throws<RecoverableException>(() => microphone.Timebase(-1), "rate = -1");
        Throws<RecoverableException>(() => microphone.Analog(double.NaN, 0), "gain = NaN");
        Throws<RecoverableException>(() => microphone.Analog(1, 1.5), "offset = 1.5");
    }

    public static void Another_machine_is_served_without_stopping_this_one()
    {
        var rig = new Rig().Clocked();
        var pauses = rig.Machine.Pauses;
        // Not by the processor's thread, and while the machine runs: as a UART hub or a GPIO connector does it.
        rig.Machine.ScheduleAction(Antmicro.Renode.Time.TimeInterval.FromNanoseconds(1000), _ =>
        {
            rig.Gpio.OnGPIO(7, true);
            rig.Uart.WriteChar((byte)'x');
            rig.Uart.WriteChar((byte)'y');
        });
        rig.Wait(100000);
        Equal(pauses, rig.Machine.Pauses, "pauses");
        True((rig.Read(Rig.Sio + 4) >> 7 & 1) == 1, "the pin is driven");
    }
}
