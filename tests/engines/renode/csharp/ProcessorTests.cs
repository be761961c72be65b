// What the processor sees: time, exceptions, boot, resets.
using System;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;

using Antmicro.Renode.Core;
using Antmicro.Renode.Exceptions;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Peripherals.Miscellaneous;
using Antmicro.Renode.Time;

using static Check;

public static class ProcessorTests
{
    public static void A_program_that_starts_core_1_is_told_that_there_is_none()
    {
        var rig = new Rig().Clocked();
        string seen = null;
        rig.Chip.FaultHandler = text => seen = text;
        rig.Write(Rig.Sio + 0x54, 0);
        True(seen != null && seen.Contains("core 0 only") && seen == rig.Chip.FaultText, "said once: " + seen);
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
        True(taken > 1996000 && taken < 2001000, "13000 cycles at 6.5 MHz are 2 ms: " + taken);
    }

    public static void A_board_that_comes_late_begins_at_its_own_cycle_0()
    {
        var rig = new Rig(elapsed: 5000000000);
        rig.Chip.Synchronise();
        Equal(0ul, rig.Chip.Cycle, "power-on");
        rig.Wait(1000000);
        rig.Chip.Synchronise();
        Equal(6500ul, rig.Chip.Cycle, "1 ms of the ring oscillator");
    }

    public static void A_clock_that_renode_is_too_slow_for_is_named()
    {
        Logger.Lines.Clear();
        var rig = new Rig().Clocked();
        True(!Logger.Lines.Any(l => l.Contains("PerformanceInMips")), "125 MHz, 125 MIPS");
        rig.Write(Rig.PllSys + 0xC, 5 << 16 | 2 << 12);
        rig.Write(Rig.PllSys + 0xC, 5 << 16 | 1 << 12);
        Equal(1, Logger.Lines.Count(l => l.Contains("clk_sys = 150000000") && l.Contains("PerformanceInMips = 125")), "said once");
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
        Logger.Lines.Clear();
        new Rig(true);
        True(Logger.Lines.Any(l => l.Contains("Exception returns")), "said when Renode has no such hook");
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
        Logger.Lines.Clear();
        rig.Wait(1000);
        Equal(1, rig.Cpu.Resets, "the processor is reset once");
        True(!rig.Cpu.IsHalted, "it resumes with a program counter and without a guessed vector table");
        True(!Logger.Lines.Any(l => l.Contains("Thumb")), "no warning about its program counter");
        Equal(0xCAFEu, rig.Read(Rig.Watchdog + 0xC), "scratch survives");
        Equal((ulong)(entry & ~1u), rig.Cpu.PC.RawValue, "starts at the vector");
        Equal((ulong)stack, rig.Cpu.Registers[13], "with its stack");
        True(rig.Read(Rig.Resets) != 0, "blocks are in reset");
    }

    public static void The_quantum_is_short_while_the_watchdog_is_about_to_bite()
    {
        var rig = new Rig().Clocked();
        rig.Machine.Quantum = TimeInterval.FromMicroseconds(4000);
        rig.Write(Rig.Watchdog + 0x2C, 1 << 9 | 12); // a tick each microsecond
        rig.Write(Rig.Watchdog + 4, 2 * 100000);
        rig.Write(Rig.Watchdog, 1u << 30);
        rig.Wait(50000000);
        Equal(4000000UL, rig.Machine.Quantum.Ticks, "far off");
        rig.Wait(43000000);
        Equal(1000000UL, rig.Machine.Quantum.Ticks, "near");
        rig.Write(Rig.Watchdog + 4, 2 * 100000);
        rig.Wait(1000000);
        Equal(4000000UL, rig.Machine.Quantum.Ticks, "fed");
        rig.Chip.Quantum.Saved = 1000;
        Equal(1000000UL, rig.Machine.Quantum.Ticks, "saved");
    }

    public static void Boot_puts_the_second_stage_into_sram_and_the_rom_into_place()
    {
        if(Program.Firmware == null)
        {
            Console.WriteLine("     (no firmware image given: only the refusal is checked)");
        }
        var rig = new Rig();
        Throws<RecoverableException>(() => rig.Chip.Boot(), "CRC32");
        if(Program.Firmware == null)
        {
            return;
        }
        Buffer.BlockCopy(Program.Firmware, 0, rig.Flash, 0, Program.Firmware.Length);
        rig.Chip.Boot();
        Equal(0x20041F00ul, rig.Cpu.PC.RawValue, "PC");
        Equal(0ul, rig.Cpu.Registers[14], "LR");
        True(Enumerable.Range(0, 256).All(n => rig.SramBytes[0x41F00 + n] == Program.Firmware[n]), "second stage");
        True(rig.Rom[0x10] == (byte)'M' && rig.Rom[0x11] == (byte)'u', "boot ROM's magic");
    }

    public static void Systick_counts_the_chips_cycles_and_renodes_never()
    {
        var rig = new Rig().Clocked();
        var bus = rig.Machine.SystemBus;
        bus.Write(rig.Nvic, 0x14, 9999);
        bus.Write(rig.Nvic, 0x18, 1);
        bus.Write(rig.Nvic, 0x10, 5);
        rig.Wait(1000);
        var before = bus.Read(rig.Nvic, 0x18);
        rig.Wait(8000);
        Equal(1000u, before - bus.Read(rig.Nvic, 0x18), "cycles");
        Equal(5u, bus.Read(rig.Nvic, 0x10), "SYST_CSR");
        rig.Wait(80000);
        Equal(0x10005u, bus.Read(rig.Nvic, 0x10), "COUNTFLAG");
        Equal(5u, bus.Read(rig.Nvic, 0x10), "reading clears it");
        True(Array.TrueForAll(rig.Nvic.Words, word => word == 0), "Renode's own was given nothing to count");
        Equal(0, rig.Nvic.Pended.Count, "TICKINT is off");
    }

    public static void Systick_pends_its_exception_at_its_time()
    {
        var rig = new Rig(both: true).Clocked();
        var bus = rig.Machine.SystemBus;
        bus.Write(rig.Nvic1, 0x14, 1249);
        bus.Write(rig.Nvic1, 0x10, 7);
        rig.Wait(9800);
        Equal(0, rig.Nvic1.Pended.Count, "too early");
        rig.Wait(400);
        Equal("15", string.Join(",", rig.Nvic1.Pended), "exception number, once");
        rig.Wait(30000);
        Equal("15,15,15,15", string.Join(",", rig.Nvic1.Pended), "every 10 us");
        Equal(0, rig.Nvic.Pended.Count, "core 0 has one of its own");
        rig.Write(0x40010000 + Rig.Set + 4, 1u << 16); // PSM.FRCE_OFF.PROC1
        rig.Wait(30000);
        Equal(4, rig.Nvic1.Pended.Count, "a core in reset has none");
        Equal(0u, bus.Read(rig.Nvic1, 0x10), "SYST_CSR");
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
        Logger.Lines.Clear();
        var bare = new RP2040(rig.Machine, rig.Cpu);
        True(bare.Connections.Count == 26, "lines without an NVIC to name");
    }

    public static void Faults_arrive_as_hardfault()
    {
        var rig = new Rig().Clocked();
        foreach(var fault in new ulong[] { 1, 3, 4, 7, 17, 18 })
        {
            rig.Nvic.Pended.Clear();
            rig.Cpu.InterruptBegin(fault);
            rig.Nvic.SetPendingIRQ(fault == 7 ? 12 : fault == 3 || fault == 4 ? 4 : 6); // as Renode's library goes on
            rig.Cpu.InterruptBegin(5);
            Equal("3", string.Join(",", rig.Nvic.Pended), "what is taken after EXCP " + fault);
        }
        rig.Nvic.Pended.Clear();
        rig.Cpu.InterruptBegin(2);
        rig.Nvic.SetPendingIRQ(11);
        rig.Cpu.InterruptBegin(5);
        Equal("11", string.Join(",", rig.Nvic.Pended), "SVC stays what it is");
        True(!rig.Cpu.IsHalted && rig.Chip.FaultText == null, "all taken");
    }

    public static void A_fault_that_is_not_taken_ends_the_run()
    {
        var rig = new Rig().Clocked();
        rig.Cpu.InterruptBegin(1);
        rig.Cpu.InterruptBegin(1);
        True(rig.Cpu.IsHalted, "no attempts for ever");
        True(rig.Chip.LockedUp && rig.Chip.FaultText == null, "a lockup is no refused access");
        rig.Chip.Reset();
        True(!rig.Chip.LockedUp, "forgotten at reset");
    }

    public static void A_program_that_ends_locks_up_and_the_rest_of_the_chip_goes_on()
    {
        var rig = new Rig().Clocked();
        var runner = new RP2040_Runner(rig.Machine, rig.Chip, rig.Cpu);
        rig.PutCode(Rig.Sram + 0x100, 0xBE00, 0xE7FD); // BKPT #0 and back
        BitConverter.GetBytes(Rig.Sram + 0x100).CopyTo(rig.SramBytes, 0x200 + 24); // the frame's PC; r0 is 0
        rig.Cpu.Registers[13] = Rig.Sram + 0x200;
        Logger.Lines.Clear();
        rig.Cpu.Blocks.Enqueue(new TranslationCPU.Block { Pc = Rig.Sram, Instructions = 1, Access = () =>
        {
            rig.Cpu.InterruptBegin(7);
            rig.Cpu.InterruptBegin(7);
        } });
        Equal(RP2040_Runner.Lockup, runner.Run(1000), "told at once");
        True(Logger.Lines.Any(l => l.StartsWith("Info") && l.Contains("main returned 0")), "said as what it is");
        Equal(RP2040_Runner.Finished, runner.Run(1), "the rest of the time");
        var cycle = rig.Chip.Cycle;
        Equal(RP2040_Runner.Finished, runner.Run(100000), "and more");
        True(rig.Chip.Cycle >= cycle + 12000, "the chip's time goes on");
    }

    public static void A_saved_board_goes_on_where_it_was()
    {
        // Renode calls these methods, private or not, around its serialization of the objects; here they stay the same ones.
        var rig = new Rig().Clocked();
        rig.Write(Rig.Watchdog + 0xC, 0x12345678);
        Hook<Antmicro.Migrant.Hooks.PreSerializationAttribute>(rig.Chip);
        rig.Write(Rig.Watchdog + 0xC, 1);
        var later = rig.Chip.Cycle;
        rig.Machine.RunFor(1000000);
        Hook<Antmicro.Migrant.Hooks.LatePostDeserializationAttribute>(rig.Chip);
        Equal(1u, rig.Read(Rig.Watchdog + 0xC), "nothing before Renode shows the new emulation");
        EmulationManager.Instance.Show();
        Equal(0x12345678u, rig.Read(Rig.Watchdog + 0xC), "as it was");
        True(rig.Chip.CpuCycles <= later, "and when");
        Hook<Antmicro.Migrant.Hooks.PostSerializationAttribute>(rig.Chip);
    }

    public static void What_renode_cannot_serialize_is_marked()
    {
        foreach(var type in new[] { typeof(RP2040), typeof(RP2040_Accesses), typeof(RP2040_Power), typeof(RP2040_Host), typeof(RP2040_Core), typeof(RP2040_SecondCore), typeof(RP2040_Time), typeof(RP2040_BlockHook), typeof(RP2040_BusHook), typeof(RP2040_Exceptions), typeof(RP2040_Runner) })
        {
            foreach(var field in type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public))
            {
                var kind = field.FieldType;
                var unsaved = kind == typeof(IntPtr) || kind.Namespace == "System.Threading" || kind.Namespace == "System.Reflection" ||
                    kind.DeclaringType == typeof(RP2040Native);
                True(!unsaved || field.GetCustomAttributes(typeof(Antmicro.Migrant.TransientAttribute), true).Length > 0, type.Name + "." + field.Name);
            }
        }
    }

    private static void Hook<T>(object target)
    {
        target.GetType().GetMethods(BindingFlags.Instance | BindingFlags.NonPublic)
            .Single(m => m.GetCustomAttributes(typeof(T), false).Length > 0).Invoke(target, null);
    }

    public static void The_native_hook_charges_as_the_managed_one_does()
    {
        var cycles = new ulong[2];
        var passed = new ulong[2];
        for(var native = 0; native < 2; native++)
        {
            var rig = new Rig(native: native == 1).Clocked();
            rig.PutCode(Rig.Sram, 0x6808, 0x6808, 0x4348, 0xD1FB);
            var start = rig.Machine.Now;
            cycles[native] = rig.Chip.CpuCycles;
            for(var n = 0; n < 1000; n++)
            {
                rig.Cpu.Blocks.Enqueue(new TranslationCPU.Block { Pc = Rig.Sram, Instructions = 4 });
            }
            while(rig.Cpu.Blocks.Count > 0)
            {
                rig.Cpu.ExecuteBlock();
            }
            cycles[native] = rig.Chip.CpuCycles - cycles[native];
            passed[native] = rig.Machine.Now - start;
            Equal(native == 1 ? 0 : 1000, rig.Cpu.ManagedBlocks, "calls of managed code");
        }
        Equal(cycles[0], cycles[1], "cycles");
        Equal(passed[0], passed[1], "virtual time");
    }

    public static void Who_takes_the_hook_shares_it_and_who_removes_it_gives_it_back()
    {
        var rig = new Rig().Clocked();
        rig.PutCode(Rig.Sram, 0x6808, 0x6808, 0x4348, 0xD1FB);
        rig.Write(Rig.Watchdog + 0x2C, 0x200 | 12);
        var traced = 0;
        Action<ulong, uint> tracer = (pc, n) => traced++;
        Func<ulong> run = () =>
        {
            rig.Write(Rig.Timer + 0x10, rig.Read(Rig.Timer + 0x28) + 150); // an event, at which the bridge looks after it
            for(var n = 0; n < 10000; n++)
            {
                rig.Cpu.Blocks.Enqueue(new TranslationCPU.Block { Pc = Rig.Sram, Instructions = 4 });
            }
            rig.Wait(200000);
            rig.Cpu.Blocks.Clear();
            var before = rig.Chip.CpuCycles;
            for(var n = 0; n < 100; n++)
            {
                rig.Cpu.Blocks.Enqueue(new TranslationCPU.Block { Pc = Rig.Sram, Instructions = 4 });
            }
            while(rig.Cpu.Blocks.Count > 0)
            {
                rig.Cpu.ExecuteBlock();
            }
            return rig.Chip.CpuCycles - before;
        };
        Logger.Lines.Clear();
        rig.Cpu.SetHookAtBlockEnd(tracer);
        var shared = run();
        True(shared >= 700 && shared < 720, "charged while traced: " + shared);
        True(traced >= 100, "traced as well: " + traced);
        True(Logger.Lines.Any(l => l.Contains("is shared")), "said");
        rig.Cpu.SetHookAtBlockEnd(null);
        traced = 0;
        var alone = run();
        True(alone >= 700 && alone < 720, "charged after: " + alone);
        Equal(0, traced, "the other one is gone");
        True(Logger.Lines.Any(l => l.Contains("is back")), "said");
    }
    public static void Renodes_own_hook_at_the_beginning_of_blocks_is_called_while_it_is_wanted()
    {
        var rig = new Rig(native: true).Clocked();
        rig.PutCode(Rig.Sram, 0x3001, 0xE7FD);
        var seen = 0;
        Action<int> run = blocks =>
        {
            for(var n = 0; n < blocks; n++)
            {
                rig.Cpu.Blocks.Enqueue(new TranslationCPU.Block { Pc = Rig.Sram, Instructions = 2 });
                rig.Cpu.ExecuteBlock();
            }
        };
        run(50);
        var start = rig.Chip.CpuCycles;
        rig.Cpu.SetHookAtBlockBegin((pc, n) => seen++);
        run(20);
        rig.Cpu.SetHookAtBlockBegin(null);
        run(30);
        Equal(20, seen, "calls");
        Equal(50ul * 3, rig.Chip.CpuCycles - start, "cycles");
    }
}
