// A board for the bridge's tests: machine, processor, chip, some windows, memories.
using System;
using System.Collections.Generic;

using Antmicro.Renode.Core;
using Antmicro.Renode.Peripherals;
using Antmicro.Renode.Peripherals.Bus;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Peripherals.GPIOPort;
using Antmicro.Renode.Peripherals.Miscellaneous;
using Antmicro.Renode.Peripherals.UART;

public class Sink : IGPIOReceiver
{
    public readonly Dictionary<int, bool> Levels = new Dictionary<int, bool>();
    public int Changes;
    public int Resets;
    public void Reset() { Resets++; }
    public virtual void OnGPIO(int number, bool value) { Levels[number] = value; Changes++; }
    public bool this[int number] { get { bool level; return Levels.TryGetValue(number, out level) && level; } }
}

public class Nvic : Sink, IDoubleWordPeripheral
{
    public readonly List<int> Pended = new List<int>();
    public void SetPendingIRQ(int number) { Pended.Add(number); }
    private void ClearPending(int number) { Pended.Remove(number); } // not public in Renode either

    /// <summary>Registers of SysTick, as its own would see them.</summary>
    public readonly uint[] Words = new uint[8];
    public uint ReadDoubleWord(long offset) { return Words[offset / 4]; }
    public void WriteDoubleWord(long offset, uint value) { Words[offset / 4] = value; }
}

public class Rig
{
    public const uint Resets = 0x4000C000, IoBank0 = 0x40014000, Pads = 0x4001C000, Xosc = 0x40024000, PllSys = 0x40028000,
        Clocks = 0x40008000, Uart0 = 0x40034000, Pwm = 0x40050000, Timer = 0x40054000, Watchdog = 0x40058000, Dma = 0x50000000,
        Pio0 = 0x50200000, Sio = 0xD0000000, Sram = 0x20000000, Set = 0x2000, Clr = 0x3000;

    public readonly Machine Machine = new Machine();
    public readonly TranslationCPU Cpu, Cpu1;
    public readonly RP2040 Chip;
    public readonly RP2040_GPIO Gpio;
    public readonly RP2040_UART Uart;
    public readonly Nvic Nvic = new Nvic(), Nvic1 = new Nvic();
    public readonly Sink Led = new Sink();
    public readonly byte[] SramBytes = new byte[0x42000], Flash = new byte[0x200000], Rom = new byte[0x4000];
    private readonly Dictionary<uint, RP2040_Window> windows = new Dictionary<uint, RP2040_Window>();

    public Rig(bool refusesInterruptEnd = false, ulong elapsed = 0, bool native = false, bool both = false)
    {
        Machine.Now = elapsed;
        Machine.SystemBus.Memories[0] = Rom;
        Machine.SystemBus.Memories[0x10000000] = Flash;
        Machine.SystemBus.Memories[Sram] = SramBytes;
        EmulationManager.Instance.CurrentEmulation = new Emulation { Machine = Machine };
        Cpu = new TranslationCPU(Machine, native) { RefusesInterruptEnd = refusesInterruptEnd };
        Cpu1 = both ? new TranslationCPU(Machine, native) { IsHalted = true } : null;
        Chip = new RP2040(Machine, Cpu, Nvic, Cpu1, both ? Nvic1 : null);
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
            if(both)
            {
                Chip.Connections[32 + line].Connect(Nvic1, line);
            }
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
        Check.Equal(125000000u, Chip.ClockFrequency, "clk_sys");
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
