// Accesses that do not pass through Renode's system bus, and a chip that runs ahead while the processor sleeps.
using System;
using System.Linq;
using System.Runtime.InteropServices;

using Antmicro.Renode.Core;
using Antmicro.Renode.Peripherals;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Peripherals.Miscellaneous;
using Antmicro.Renode.Time;

using static Check;

public static class AccessTests
{
    public static void Registers_are_reached_without_the_system_bus_and_the_rest_is_not()
    {
        var rig = Prepared();
        OnCpu(rig, () =>
        {
            rig.Cpu.Store(Rig.Watchdog + 0xC, 0x12345678);
            Equal(0x12345678u, rig.Cpu.Load(Rig.Watchdog + 0xC), "word");
            Equal(0x56u, rig.Cpu.Load(Rig.Watchdog + 0xD, 1), "byte");
            Equal(0x1234u, rig.Cpu.Load(Rig.Watchdog + 0xE, 2), "half-word");
        });
        Equal(0, rig.Cpu.OnBus.Count, "on the bus");
        True(rig.Chip.NativeAccess, "and says so");
        OnCpu(rig, () =>
        {
            Equal(0x44444444u, rig.Cpu.Load(0x60000000), "nobody's");
            Equal(0x2222u, rig.Cpu.Load(0xE000E010, 2), "the NVIC's");
            rig.Cpu.Store(Rig.Sio + 0x54, 1); // starts core 1, which is the window's business
        });
        True(rig.Cpu.OnBus.SequenceEqual(new ulong[] { 0x60000000, 0xE000E010, Rig.Sio + 0x54 }), string.Join(" ", rig.Cpu.OnBus));
    }

    public static void Stores_to_the_boot_rom_and_to_flash_reach_no_memory_of_renodes()
    {
        var rig = Prepared();
        True(Enumerable.Range(0, 16).All(page => rig.Cpu.IoPages.Contains((ulong)page * 1024)), "the ROM's pages");
        OnCpu(rig, () =>
        {
            rig.Cpu.Store(0, 1);
            rig.Cpu.Store(0x3FFF, 1, 1);
            rig.Cpu.Store(0x10000100, 1, 2);
        });
        rig.Machine.SystemBus.AddWatchpoint(Rig.Watchdog + 0xC);
        rig.Machine.RunFor(1000);
        OnCpu(rig, () => rig.Cpu.Store(0x10, 1)); // also while registers take the long way
        Equal(0, rig.Cpu.OnBus.Count, string.Join(" ", rig.Cpu.OnBus));
        rig.Machine.SystemBus.RemoveWatchpoint(Rig.Watchdog + 0xC);
    }

    public static void Who_watches_accesses_gets_them()
    {
        var rig = Prepared();
        rig.Machine.SystemBus.AddWatchpoint(Rig.Watchdog + 0xC);
        rig.Machine.RunFor(1000);
        OnCpu(rig, () => rig.Cpu.Load(Rig.Watchdog + 0xC));
        Equal(1, rig.Cpu.OnBus.Count, "with a watchpoint");
        True(!rig.Chip.NativeAccess, "and says so");
        rig.Machine.SystemBus.RemoveWatchpoint(Rig.Watchdog + 0xC);
        rig.Machine.RunFor(1000);
        OnCpu(rig, () => rig.Cpu.Load(Rig.Watchdog + 0xC));
        Equal(1, rig.Cpu.OnBus.Count, "without");
        rig.Cpu.UpdateContextOnLoadAndStore = true; // a debugger
        rig.Machine.RunFor(1000);
        OnCpu(rig, () => rig.Cpu.Load(Rig.Watchdog + 0xC));
        Equal(2, rig.Cpu.OnBus.Count, "with a debugger");
    }

    public static void A_store_that_arms_an_alarm_is_heard_of_at_its_time()
    {
        var rig = Prepared();
        OnCpu(rig, () =>
        {
            rig.Cpu.Store(Rig.Timer + 0x38, 1); // INTE
            rig.Cpu.Store(Rig.Timer + 0x10, rig.Cpu.Load(Rig.Timer + 0x28) + 100); // ALARM0
        });
        rig.Machine.RunFor(99000);
        True(!rig.Nvic[0], "not yet");
        rig.Machine.RunFor(2000);
        True(rig.Nvic[0], "at its time");
    }

    public static void A_store_that_moves_a_pin_is_seen_at_once_and_the_emulation_may_be_stopped_there()
    {
        var rig = Prepared();
        var guarded = 0;
        rig.Cpu.Guarded = () => guarded++;
        rig.Write(Rig.IoBank0 + 8 * 25 + 4, 5); // SIO
        OnCpu(rig, () =>
        {
            rig.Cpu.Store(Rig.Sio + 0x24, 1u << 25); // GPIO_OE_SET
            rig.Cpu.Store(Rig.Sio + 0x14, 1u << 25); // GPIO_OUT_SET
            True(rig.Led[0], "on");
            rig.Cpu.Store(Rig.Sio + 0x14, 1u << 25); // nothing that anybody could see
        });
        Equal(1, guarded, "told once");
    }

    public static void Sleep_is_spent_in_one_piece_up_to_what_wakes()
    {
        // PWM wraps all the time and its interrupt is off; the alarm is what the processor waits for.
        var plain = Wakes(false);
        var asleep = Wakes(true);
        True(plain.Item1 != 0, "it comes");
        Equal(plain.Item1, asleep.Item1, "the interrupt comes at the same time");
        True(asleep.Item2 * 4 < plain.Item2, string.Format("{0} actions asleep, {1} else", asleep.Item2, plain.Item2));
    }

    public static void Memory_in_one_piece_is_used_directly()
    {
        var rig = new Rig(native: true).Clocked();
        var sram = new Mapped(0x42000);
        rig.Machine.SystemBus.Mapped[Rig.Sram] = sram;
        Throws<Antmicro.Renode.Exceptions.RecoverableException>(() => rig.Chip.Boot(), "second-stage"); // there is no program
        Marshal.WriteInt32(sram.Pointer, 0x100, 0x600DF00D);
        var writes = rig.Machine.SystemBus.MasterWrites;
        rig.Write(Rig.Dma + 0x00, Rig.Sram + 0x100);
        rig.Write(Rig.Dma + 0x04, Rig.Sram + 0x200);
        rig.Write(Rig.Dma + 0x08, 1);
        rig.Write(Rig.Dma + 0x0C, 0x3F8009); // unpaced, words
        rig.Machine.RunFor(2000);
        Equal(0x600DF00D, Marshal.ReadInt32(sram.Pointer, 0x200), "copied");
        Equal(writes, rig.Machine.SystemBus.MasterWrites, "and Renode was not asked");
    }

    public static void Loads_from_flash_are_heard_of_as_far_as_it_is_used()
    {
        var rig = Prepared();
        for(var i = 0; i < rig.Flash.Length; i++)
        {
            rig.Flash[i] = 0xFF;
        }
        rig.Flash[5000] = 7;
        Throws<Antmicro.Renode.Exceptions.RecoverableException>(() => rig.Chip.Boot(), "second-stage"); // nothing that boots
        var flash = rig.Cpu.IoPages.Where(page => page >= 0x10000000);
        True(flash.SequenceEqual(new ulong[] { 0x10000000, 0x10000400, 0x10000800, 0x10000C00, 0x10001000 }), string.Join(" ", rig.Cpu.IoPages));
    }

    private static Tuple<ulong, int> Wakes(bool sleeps)
    {
        var rig = Prepared();
        rig.Write(Rig.Resets + Rig.Clr, 1u << 14);
        rig.Write(Rig.Dma + 0x420, (1u << 16) | 500); // TIMER0: one transfer in 500 cycles
        rig.Write(Rig.Dma + 0x00, Rig.Sram + 0x100);
        rig.Write(Rig.Dma + 0x04, Rig.Sram + 0x200);
        rig.Write(Rig.Dma + 0x08, 1000000);
        rig.Write(Rig.Dma + 0x0C, 0x3B << 15 | 9);
        ulong woken = 0;
        var actions = 0;
        OnCpu(rig, () =>
        {
            rig.Cpu.Store(Rig.Timer + 0x38, 1);
            rig.Cpu.Store(Rig.Timer + 0x10, rig.Cpu.Load(Rig.Timer + 0x28) + 300);
            actions = rig.Machine.Scheduled;
            if(sleeps)
            {
                rig.Cpu.Wfi(true);
            }
        });
        for(var n = 0; n < 4000 && woken == 0; n++)
        {
            rig.Machine.RunFor(100);
            woken = rig.Nvic[0] ? rig.Machine.Now : 0;
        }
        return Tuple.Create(woken, rig.Machine.Scheduled - actions);
    }

    private static Rig Prepared()
    {
        var rig = new Rig(native: true).Clocked();
        rig.Write(Rig.Watchdog + 0x2C, 1 << 9 | 12); // a tick of 1 us for the timer
        rig.Chip.Synchronise();
        rig.Machine.RunFor(100000); // so that the bridge has looked around
        return rig;
    }

    /// <summary>Something that the processor does in a block of its own.</summary>
    private static void OnCpu(Rig rig, Action action)
    {
        rig.Cpu.Blocks.Enqueue(new TranslationCPU.Block { Pc = Rig.Sram, Instructions = 1, Access = action });
        rig.Machine.RunFor(8);
    }

    private class Mapped : IMapped, IMappedSegment
    {
        public Mapped(int size) { Pointer = Marshal.AllocHGlobal(size); Size = (ulong)size; }
        public System.Collections.Generic.IEnumerable<IMappedSegment> MappedSegments { get { yield return this; } }
        public IntPtr Pointer { get; private set; }
        public ulong StartingOffset { get { return 0; } }
        public ulong Size { get; private set; }
        public void Touch() { }
        public void Reset() { }
    }
}
