// The bridge against the real librp2040: each public static method is a test. Run: mono tests.exe [FIRMWARE.bin]
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;

using Antmicro.Renode.Core;
using Antmicro.Renode.Exceptions;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Peripherals.GPIOPort;
using Antmicro.Renode.Peripherals.Miscellaneous;
using Antmicro.Renode.Peripherals.Sound;
using Antmicro.Renode.Peripherals.UART;

public class Sink : IGPIOReceiver
{
    public readonly Dictionary<int, bool> Levels = new Dictionary<int, bool>();
    public int Changes;
    public void Reset() { }
    public void OnGPIO(int number, bool value) { Levels[number] = value; Changes++; }
    public bool this[int number] { get { bool level; return Levels.TryGetValue(number, out level) && level; } }
}

public class Nvic : Sink
{
    public readonly List<int> Pended = new List<int>();
    public void SetPendingIRQ(int number) { Pended.Add(number); }
}

/// <summary>A board: machine, processor, chip, some windows, memories.</summary>
public class Rig
{
    public const uint Resets = 0x4000C000, IoBank0 = 0x40014000, Pads = 0x4001C000, Xosc = 0x40024000, PllSys = 0x40028000,
        Clocks = 0x40008000, Uart0 = 0x40034000, Pwm = 0x40050000, Timer = 0x40054000, Watchdog = 0x40058000, Dma = 0x50000000,
        Pio0 = 0x50200000, Sio = 0xD0000000, Sram = 0x20000000, Set = 0x2000, Clr = 0x3000;

    public readonly Machine Machine = new Machine();
    public readonly TranslationCPU Cpu;
    public readonly RP2040 Chip;
    public readonly RP2040_GPIO Gpio;
    public readonly RP2040_UART Uart;
    public readonly Nvic Nvic = new Nvic();
    public readonly Sink Led = new Sink();
    public readonly byte[] SramBytes = new byte[0x42000], Flash = new byte[0x200000], Rom = new byte[0x4000];
    private readonly Dictionary<uint, RP2040_Window> windows = new Dictionary<uint, RP2040_Window>();

    public Rig(bool refusesInterruptEnd = false)
    {
        Machine.SystemBus.Memories[0] = Rom;
        Machine.SystemBus.Memories[0x10000000] = Flash;
        Machine.SystemBus.Memories[Sram] = SramBytes;
        EmulationManager.Instance.CurrentEmulation.Machine = Machine;
        Cpu = new TranslationCPU(Machine) { RefusesInterruptEnd = refusesInterruptEnd };
        Chip = new RP2040(Machine, Cpu, Nvic);
        Cpu.PerformanceInMips = 125; // properties of a .repl file come after all constructors
        Cpu.VectorTableOffset = 0x10000100;
        Chip.Start(Sram, Sram + 0x1000);
        Gpio = new RP2040_GPIO(Chip, IoBank0);
        Uart = new RP2040_UART(Chip, Uart0, 0);
        windows[IoBank0] = Gpio;
        windows[Uart0] = Uart;
        for(var line = 0; line < 26; line++)
        {
            Chip.Connections[line].Connect(Nvic, line);
        }
        Gpio.Connections[25].Connect(Led, 0);
        Machine.Peripherals.Add(Cpu);
        Machine.Peripherals.Add(Chip);
    }

    public RP2040_Window Window(uint address)
    {
        var start = address & (address >> 28 == 0xD ? 0xFFFFF000 : 0xFFFFC000);
        RP2040_Window window;
        if(!windows.TryGetValue(start, out window))
        {
            windows[start] = window = new RP2040_Window(Chip, start);
        }
        return window;
    }

    public uint Read(uint address) { return Window(address).ReadDoubleWord(address & 0x3FFF); }
    public void Write(uint address, uint value) { Window(address).WriteDoubleWord(address & 0x3FFF, value); }
    public void Wait(ulong nanoseconds) { Machine.RunFor(nanoseconds); }

    /// <summary>Blocks out of reset, clk_sys and clk_peri at 125 MHz.</summary>
    public Rig Clocked()
    {
        Write(Resets + Clr, 0x01FFFFFF);
        Write(Xosc, 0xAA0);
        Write(Xosc + 0xC, 47);
        Write(Xosc + Set, 0xFAB000);
        Wait(3000000);
        Write(PllSys, 1);
        Write(PllSys + 8, 125);
        Write(PllSys + Clr + 4, 0x21);
        Wait(1000000);
        Write(PllSys + 0xC, 6 << 16 | 2 << 12);
        Write(PllSys + Clr + 4, 8);
        Write(Clocks + 0x30, 2);
        Write(Clocks + 0x3C, 1);
        Write(Clocks + 0x48, 0x800);
        BridgeTests.Equal(125000000u, Chip.ClockFrequency, "clk_sys");
        Wait(100000); // the accesses took time at the slow clock, which the machine has yet to spend
        return this;
    }

    public void CapturePdm(uint target, uint words)
    {
        Write(Pio0 + 0x48, 0x5001);
        Write(Pio0 + 0x4C, 0xA042);
        Write(Pio0 + 0xC8, 61u << 16);
        Write(Pio0 + 0xCC, 1 << 12);
        Write(Pio0 + 0xD0, 1u << 31 | 1 << 18 | 1 << 16);
        Write(Pio0 + 0xDC, 1u << 29 | 1 << 26 | 2 << 15 | 3 << 10 | 3 << 5);
        Write(Pio0 + 0xD8, 0xE081);
        Wait(1000);
        Write(Pio0 + 0xD8, 0);
        Wait(1000);
        foreach(var pin in new uint[] { 2, 3 })
        {
            Write(Pads + 4 + 4 * pin, 0x52);
            Write(IoBank0 + 8 * pin + 4, 6);
        }
        Write(Dma, Pio0 + 0x20);
        Write(Dma + 4, target);
        Write(Dma + 8, words);
        Write(Dma + 0x404, 1);
        Write(Dma + 0xC, 1 | 2 << 2 | 1 << 5 | 4 << 15);
        Write(Pio0, 0x111);
    }

    public void PutCode(uint address, params ushort[] code)
    {
        Buffer.BlockCopy(code, 0, SramBytes, (int)(address - Sram), code.Length * 2);
    }
}

public static class BridgeTests
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
        LoggingExtensions.Lines.Clear();
        string seen = null;
        rig.Chip.FaultHandler = text => seen = text;
        rig.Read(0x40068000);
        True(LoggingExtensions.Lines.Any(l => l.StartsWith("Error RP2040_Window") && l.Contains("0x40068000")), "logged");
        True(rig.Chip.FaultText.Contains("not modelled"), rig.Chip.FaultText);
        Equal(rig.Chip.FaultText, seen, "handler");
        rig.Chip.Reset();
        Equal(null, rig.Chip.FaultText, "forgotten at reset");
    }

    public static void A_program_that_starts_core_1_is_told_that_there_is_none()
    {
        var rig = new Rig().Clocked();
        string seen = null;
        rig.Chip.FaultHandler = text => seen = text;
        rig.Write(Rig.Sio + 0x54, 0);
        True(seen != null && seen.Contains("core 0 only") && seen == rig.Chip.FaultText, "said once: " + seen);
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

    public static void Construction_errors_name_the_value()
    {
        var machine = new Machine();
        var cpu = new TranslationCPU(machine);
        Throws<ConstructionException>(() => new RP2040(machine, cpu, null, 100000), "flashSize");
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

    public static void Sound_goes_through_pio_and_dma_into_renodes_memory()
    {
        var rig = new Rig().Clocked();
        var microphone = new RP2040_PDMMicrophone(rig.Chip, 3, 2);
        microphone.PlayWav(Wav(16000, 1, n => (short)(12000 * Math.Sin(2 * Math.PI * 1000 * n / 16000)), 8000));
        rig.CapturePdm(Rig.Sram + 0x1000, 512);
        var writes = rig.Machine.SystemBus.MasterWrites;
        var scheduled = rig.Machine.Scheduled;
        rig.Wait(512UL * 32 * 976 + 100000);
        Equal(512, rig.Machine.SystemBus.MasterWrites - writes, "words");
        True(rig.Nvic[11], "DMA_IRQ_0");
        True(rig.Machine.Scheduled - scheduled < 512 * 6, "actions: " + (rig.Machine.Scheduled - scheduled));
        True(microphone.BitsHeard >= 512 * 32, "bits");
        // The decimated stream swings with the tone, 1024.6 bits to a period of 1 kHz.
        var sums = Enumerable.Range(16, 240).Select(n => Ones(rig.SramBytes, 0x1000 + 8 * n, 8) - 32).ToArray();
        True(sums.Max() > 6 && sums.Min() < -6, "swing: " + sums.Max() + " " + sums.Min());
        var crossings = Enumerable.Range(1, 239).Count(n => sums[n - 1] < 0 && sums[n] >= 0);
        True(crossings >= 14 && crossings <= 18, "periods: " + crossings);
        rig.Write(Rig.Dma + 0x40C, 1);
        True(!rig.Nvic[11], "acknowledged");
    }

    public static void Bits_from_a_file_come_out_in_order()
    {
        var rig = new Rig().Clocked();
        var microphone = new RP2040_PDMMicrophone(rig.Chip, 3, 2);
        var bits = Path.GetTempFileName();
        File.WriteAllBytes(bits, Enumerable.Range(0, 64).Select(n => (byte)(37 * n + 11)).ToArray());
        microphone.PlayBits(bits);
        rig.CapturePdm(Rig.Sram, 8);
        rig.Wait(8 * 32 * 976 + 50000);
        var given = BitString(File.ReadAllBytes(bits), 0, 64);
        var heard = BitString(rig.SramBytes, 0, 32);
        True(given.Contains(heard.Substring(2)), "order");
        microphone.Break("stuck_low");
        Throws<RecoverableException>(() => microphone.Break("loose"), "stuck_low");
    }

    public static void Wav_files_that_are_no_16_bit_pcm_are_refused_with_a_remedy()
    {
        var rig = new Rig();
        var microphone = new RP2040_PDMMicrophone(rig.Chip, 3, 2);
        var path = Path.GetTempFileName();
        File.WriteAllText(path, "something else entirely");
        Throws<RecoverableException>(() => microphone.PlayWav(path), "no WAV");
        var eight = File.ReadAllBytes(Wav(16000, 1, n => 0, 10));
        eight[34] = 8;
        File.WriteAllBytes(path, eight);
        Throws<RecoverableException>(() => microphone.PlayWav(path), "16-bit PCM");
        microphone.PlayWav(Wav(44100, 2, n => 5, 4410));
        Throws<RecoverableException>(() => microphone.PlayWav(Wav(4000, 1, n => 5, 400)), "8000 to 192000");
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

    public static void Blocks_cost_what_a_cortex_m0_plus_takes()
    {
        var rig = new Rig().Clocked();
        rig.Chip.SkipGranularity = 1;
        rig.PutCode(Rig.Sram, 0x6808, 0x6808, 0x4348, 0xD1FB); // LDR, LDR, MULS, BNE back
        rig.Cpu.Blocks.Enqueue(new TranslationCPU.Block { Pc = Rig.Sram, Instructions = 4 });
        var charged = rig.Chip.CpuCycles;
        rig.Wait(8);
        charged = rig.Chip.CpuCycles; // took the accesses of Clocked() with it
        var start = rig.Machine.Now;
        for(var n = 0; n < 1000; n++)
        {
            rig.Cpu.Blocks.Enqueue(new TranslationCPU.Block { Pc = Rig.Sram, Instructions = 4 });
        }
        while(rig.Cpu.Blocks.Count > 0)
        {
            rig.Cpu.ExecuteBlock();
        }
        Equal(7000ul, rig.Chip.CpuCycles - charged, "2 + 2 + 1 + 1, and 1 for being taken");
        Equal(7000ul * 8, rig.Machine.Now - start, "virtual time");
    }

    public static void Instructions_take_longer_while_the_clock_is_slow()
    {
        var rig = new Rig(); // ring oscillator: 6.5 MHz
        rig.PutCode(Rig.Sram, 0xBF00, 0xBF00);
        var start = rig.Machine.Now;
        for(var n = 0; n < 6500; n++)
        {
            rig.Cpu.Blocks.Enqueue(new TranslationCPU.Block { Pc = Rig.Sram, Instructions = 2 });
        }
        while(rig.Cpu.Blocks.Count > 0)
        {
            rig.Cpu.ExecuteBlock();
        }
        var taken = rig.Machine.Now - start;
        True(taken > 1999000 && taken < 2001000, "13000 cycles at 6.5 MHz are 2 ms: " + taken);
    }

    public static void Exceptions_cost_entry_and_return()
    {
        var rig = new Rig().Clocked();
        var before = rig.Chip.CpuCycles;
        rig.Cpu.InterruptBegin(2); // SVC is pended here, and taken with the interrupts
        Equal(0ul, rig.Chip.CpuCycles - before, "pending costs nothing");
        rig.Cpu.InterruptBegin(5);
        Equal(15ul, rig.Chip.CpuCycles - before, "entry");
        rig.Cpu.InterruptEnd(5);
        True(rig.Chip.CpuCycles - before > 15, "return");
        LoggingExtensions.Lines.Clear();
        new Rig(true);
        True(LoggingExtensions.Lines.Any(l => l.Contains("Exception returns")), "said when Renode has no such hook");
    }

    public static void A_watchdog_reset_restarts_the_processor_and_keeps_scratch()
    {
        var rig = new Rig().Clocked();
        rig.Write(Rig.Watchdog + 0xC, 0xCAFE);
        // A watchdog vector, as the boot ROM honours it: scratch 4 magic, 5 entry ^ -magic, 6 stack, 7 entry.
        const uint magic = 0xB007C0D3, entry = 0x20000101, stack = 0x20040000;
        rig.Write(Rig.Watchdog + 0x1C, magic);
        rig.Write(Rig.Watchdog + 0x20, entry ^ unchecked((uint)-(int)magic));
        rig.Write(Rig.Watchdog + 0x24, stack);
        rig.Write(Rig.Watchdog + 0x28, entry);
        rig.Write(0x40010008, 0x1FFFC);
        rig.Write(Rig.Watchdog, 1u << 31);
        LoggingExtensions.Lines.Clear();
        rig.Wait(1000);
        Equal(1, rig.Cpu.Resets, "the processor is reset once");
        True(!rig.Cpu.IsHalted, "it resumes with a program counter and without a guessed vector table");
        True(!LoggingExtensions.Lines.Any(l => l.Contains("Thumb")), "no warning about its program counter");
        Equal(0xCAFEu, rig.Read(Rig.Watchdog + 0xC), "scratch survives");
        Equal((ulong)(entry & ~1u), rig.Cpu.PC.RawValue, "starts at the vector");
        Equal((ulong)stack, rig.Cpu.Registers[13], "with its stack");
        True(rig.Read(Rig.Resets) != 0, "blocks are in reset");
    }

    public static void Boot_puts_the_second_stage_into_sram_and_the_rom_into_place()
    {
        if(Firmware == null)
        {
            Console.WriteLine("     (no firmware image given: only the refusal is checked)");
        }
        var rig = new Rig();
        Throws<RecoverableException>(() => rig.Chip.Boot(), "CRC32");
        if(Firmware == null)
        {
            return;
        }
        Buffer.BlockCopy(Firmware, 0, rig.Flash, 0, Firmware.Length);
        rig.Chip.Boot();
        Equal(0x20041F00ul, rig.Cpu.PC.RawValue, "PC");
        Equal(0ul, rig.Cpu.Registers[14], "LR");
        True(Enumerable.Range(0, 256).All(n => rig.SramBytes[0x41F00 + n] == Firmware[n]), "second stage");
        True(rig.Rom[0x10] == (byte)'M' && rig.Rom[0x11] == (byte)'u', "boot ROM's magic");
    }

    public static void Breakpoints_stop_exactly_and_can_be_changed_while_stopped()
    {
        var rig = new Rig().Clocked();
        var runner = new RP2040_Runner(rig.Machine, rig.Chip, rig.Cpu);
        rig.PutCode(Rig.Sram, Enumerable.Repeat((ushort)0xBF00, 64).ToArray());
        for(uint n = 0; n < 16; n++)
        {
            rig.Cpu.Blocks.Enqueue(new TranslationCPU.Block { Pc = Rig.Sram + 8 * n, Instructions = 4 });
        }
        runner.AddBreakpoint(Rig.Sram + 16);
        Equal(RP2040_Runner.Breakpoint, runner.Run(1000000), "first stop");
        Equal(Rig.Sram + 16, runner.Register(15), "where");
        True(runner.Waiting, "waiting");
        runner.AddBreakpoint(Rig.Sram + 40);
        runner.RemoveBreakpoint(Rig.Sram + 16);
        Equal(RP2040_Runner.Breakpoint, runner.Run(1), "second stop");
        Equal((ulong)(Rig.Sram + 40), rig.Cpu.PC.RawValue, "where");
        Equal(RP2040_Runner.Finished, runner.Run(1), "the rest of the time");
        True(!runner.Waiting, "done");
        for(uint n = 0; n < 16; n++)
        {
            rig.Cpu.Blocks.Enqueue(new TranslationCPU.Block { Pc = Rig.Sram + 8 * n, Instructions = 4 });
        }
        Equal(RP2040_Runner.Breakpoint, runner.Run(1000000), "stops again");
        runner.Abandon();
        True(!runner.Waiting && rig.Cpu.Blocks.Count == 0, "abandoned runs end");
    }

    public static void Memory_goes_through_a_buffer_of_the_host_program()
    {
        var rig = new Rig();
        var runner = new RP2040_Runner(rig.Machine, rig.Chip, rig.Cpu);
        var buffer = Marshal.AllocHGlobal(8);
        Marshal.WriteInt64(buffer, 0x1122334455667788);
        runner.WriteMemory(Rig.Sram + 4, 8, buffer.ToInt64());
        Equal((byte)0x88, rig.SramBytes[4], "written");
        Marshal.WriteInt64(buffer, 0);
        runner.ReadMemory(Rig.Sram + 4, 8, buffer.ToInt64());
        Equal(0x1122334455667788, Marshal.ReadInt64(buffer), "read");
        Marshal.FreeHGlobal(buffer);
    }

    public static void A_processor_that_renode_gave_up_is_reported()
    {
        var rig = new Rig().Clocked();
        var runner = new RP2040_Runner(rig.Machine, rig.Chip, rig.Cpu);
        rig.Cpu.IsHalted = true;
        Equal(RP2040_Runner.Halted, runner.Run(1000), "halted");
    }

    public static void The_nmi_is_pended_through_the_nvic()
    {
        var rig = new Rig().Clocked();
        rig.Write(0x40004000, 1u << 0); // SYSCFG.PROC0_NMI_MASK: TIMER_IRQ_0
        rig.Write(Rig.Watchdog + 0x2C, 0x200 | 12);
        rig.Write(Rig.Timer + 0x38, 1);
        rig.Write(Rig.Timer + 0x10, rig.Read(Rig.Timer + 0x28) + 10);
        rig.Wait(20000);
        Equal("2", string.Join(",", rig.Nvic.Pended), "exception number, once");
        LoggingExtensions.Lines.Clear();
        var bare = new RP2040(rig.Machine, rig.Cpu);
        True(bare.Connections.Count == 26, "lines without an NVIC to name");
    }

    public static void A_refused_access_stops_a_run_and_renodes_own_failures_are_thrown()
    {
        var rig = new Rig().Clocked();
        var runner = new RP2040_Runner(rig.Machine, rig.Chip, rig.Cpu);
        rig.Cpu.Blocks.Enqueue(new TranslationCPU.Block { Pc = Rig.Sram, Instructions = 1, Access = () => rig.Read(0x40068000) });
        Equal(RP2040_Runner.Fault, runner.Run(1000), "fault");
        True(rig.Chip.FaultText.Contains("not modelled"), "text");
        Equal(RP2040_Runner.Finished, runner.Run(1000), "goes on");
        rig.Cpu.Blocks.Enqueue(new TranslationCPU.Block { Pc = Rig.Sram, Instructions = 1, Access = () => { throw new Exception("tlib is sad"); } });
        Throws<InvalidOperationException>(() => runner.Run(1000), "tlib is sad");
    }

    // ---- plumbing ------------------------------------------------------------------------------------------------

    public static void True(bool condition, string what)
    {
        if(!condition)
        {
            throw new Exception(what);
        }
    }

    public static void Equal<T>(T expected, T actual, string what)
    {
        if(!EqualityComparer<T>.Default.Equals(expected, actual))
        {
            throw new Exception(string.Format("{0}: expected {1}, got {2}", what, expected, actual));
        }
    }

    private static void Throws<T>(Action action, string part) where T : Exception
    {
        try
        {
            action();
        }
        catch(T e)
        {
            True(e.Message.Contains(part), "message: " + e.Message);
            return;
        }
        throw new Exception("nothing was thrown, expected: " + part);
    }

    private static string Wav(uint rate, ushort channels, Func<int, short> sample, int frames)
    {
        var path = Path.GetTempFileName();
        using(var w = new BinaryWriter(File.Create(path)))
        {
            w.Write(Encoding.ASCII.GetBytes("RIFF"));
            w.Write(36 + frames * channels * 2);
            w.Write(Encoding.ASCII.GetBytes("WAVEfmt "));
            w.Write(16);
            w.Write((ushort)1);
            w.Write(channels);
            w.Write(rate);
            w.Write(rate * channels * 2);
            w.Write((ushort)(channels * 2));
            w.Write((ushort)16);
            w.Write(Encoding.ASCII.GetBytes("data"));
            w.Write(frames * channels * 2);
            for(var n = 0; n < frames; n++)
            {
                for(var c = 0; c < channels; c++)
                {
                    w.Write(sample(n));
                }
            }
        }
        return path;
    }

    private static int Ones(byte[] bytes, int at, int count)
    {
        return BitString(bytes, at, count).Count(c => c == '1');
    }

    private static string BitString(byte[] bytes, int at, int count)
    {
        return string.Concat(bytes.Skip(at).Take(count).Select(b => new string(Convert.ToString(b, 2).PadLeft(8, '0').Reverse().ToArray())));
    }

    private static byte[] Firmware;

    public static int Main(string[] arguments)
    {
        Firmware = arguments.Length > 0 ? File.ReadAllBytes(arguments[0]) : null;
        var failed = 0;
        foreach(var test in typeof(BridgeTests).GetMethods(BindingFlags.Public | BindingFlags.Static).Where(m => m.Name.Contains("_")))
        {
            try
            {
                test.Invoke(null, null);
                Console.WriteLine("ok   " + test.Name);
            }
            catch(TargetInvocationException e)
            {
                failed++;
                Console.WriteLine("FAIL " + test.Name + ": " + e.InnerException.Message.Replace("\n", " ") + e.InnerException.StackTrace);
            }
        }
        return failed == 0 ? 0 : 1;
    }
}
