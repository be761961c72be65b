// Core 1: when it executes, where its accesses, interrupts and resets go.
using System;
using System.Linq;

using Antmicro.Renode.Core;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Peripherals.Miscellaneous;
using Antmicro.Renode.Time;

using static Check;

public static class CoresTests
{
    private const uint Psm = 0x40010000, Proc1 = 1u << 16, FifoSt = 0x50, FifoWr = 0x54, FifoRd = 0x58;

    private static void On(TranslationCPU cpu, Action action)
    {
        cpu.Executing = true;
        action();
        cpu.Executing = false;
    }

    /// <summary>Core 1 has come to its first WFE in the ROM.</summary>
    private static Rig Waiting()
    {
        var rig = new Rig(both: true).Clocked();
        On(rig.Cpu1, () => rig.Cpu1.Wfi(true));
        True(rig.Cpu1.IsHalted, "core 1 waits");
        rig.Wait(1000);
        return rig;
    }

    public static void Core_1_starts_in_the_rom_and_is_halted_while_it_waits_there()
    {
        var rig = new Rig(both: true);
        True(!rig.Cpu1.IsHalted, "it runs to where it waits");
        Equal((ulong)(BitConverter.ToUInt32(rig.Rom, 4) & ~1u), rig.Cpu1.PC.RawValue, "from the reset vector on");
        Equal(0u, rig.Cpu1.VectorTableOffset, "of the ROM");
        Equal(20000ul, rig.Machine.Quantum.Ticks, "both take turns");
        True(rig.Machine.ExecuteInSerial, "one after the other");
        EmulationManager.Instance.CurrentEmulation.MasterTimeSource.NearestSyncPoint = TimeInterval.FromMicroseconds(50);
        rig.Machine.NearestSyncPoint = TimeInterval.FromMicroseconds(20);
        On(rig.Cpu1, () => rig.Cpu1.Wfi(true));
        True(rig.Cpu1.IsHalted && rig.Cpu1.ExecutionMode == ExecutionMode.SingleStep, "it waits, and so does its thread");
        rig.Wait(1000);
        Equal(20000ul, rig.Machine.Quantum.Ticks, "the emulation's quantum is under way");
        rig.Machine.NearestSyncPoint = TimeInterval.FromMicroseconds(40);
        rig.Wait(1000);
        Equal(1000000ul, rig.Machine.Quantum.Ticks, "and is over");
    }

    public static void A_debugger_hears_of_no_core_that_waits()
    {
        var rig = new Rig(both: true).Clocked();
        var halts = 0;
        rig.Cpu1.Halted += _ => halts++;
        On(rig.Cpu1, () => rig.Cpu1.Wfi(true));
        True(rig.Cpu1.IsHalted, "it waits");
        Equal(0, halts, "which is nobody's business");
        rig.Cpu1.IsHalted = false;
        rig.Cpu1.IsHalted = true;
        Equal(1, halts, "others are");
    }

    public static void A_word_from_core_0_lets_core_1_go_on_and_one_from_core_1_does_not()
    {
        var rig = Waiting();
        On(rig.Cpu1, () => rig.Write(Rig.Sio + FifoWr, 7));
        True(rig.Cpu1.IsHalted, "its own word");
        On(rig.Cpu, () =>
        {
            Equal(7u, rig.Read(Rig.Sio + FifoRd), "which core 0 gets");
            rig.Write(Rig.Sio + FifoWr, 8);
        });
        True(!rig.Cpu1.IsHalted && rig.Cpu1.ExecutionMode == ExecutionMode.Continuous, "core 0's word");
        On(rig.Cpu1, () =>
        {
            rig.Cpu1.Wfi(true);
            True(!rig.Cpu1.IsHalted, "a word waits for it");
            Equal(8u, rig.Read(Rig.Sio + FifoRd), "the word");
            rig.Cpu1.PC = Rig.Sram + 1;
            rig.Cpu1.Wfi(true);
        });
        True(!rig.Cpu1.IsHalted, "a program's own sleep is none of the ROM's");
    }

    public static void Each_core_has_its_own_port_and_its_own_interrupts()
    {
        var rig = Waiting();
        On(rig.Cpu, () =>
        {
            Equal(0u, rig.Read(Rig.Sio), "CPUID of core 0");
            rig.Write(Rig.Sio + FifoWr, 1);
        });
        On(rig.Cpu1, () => Equal(1u, rig.Read(Rig.Sio), "CPUID of core 1"));
        True(rig.Nvic1[16] && !rig.Nvic[16], "SIO_IRQ_PROC1 rises at core 1's NVIC");
    }

    public static void What_core_1_does_in_core_0s_past_happens_now_and_takes_no_time()
    {
        var rig = Waiting();
        On(rig.Cpu, () => rig.Write(Rig.Sio + FifoWr, 1));
        rig.Cpu.TimeHandle.TotalElapsedTime = TimeInterval.FromTicks(rig.Machine.Now + 15000);
        rig.Cpu1.TimeHandle.TotalElapsedTime = TimeInterval.FromTicks(rig.Machine.Now);
        rig.Machine.Now++; // as Renode's counter of cycles does
        ulong front = 0;
        On(rig.Cpu, () =>
        {
            rig.Read(Rig.Timer + 0x28);
            front = rig.Chip.Cycle;
        });
        On(rig.Cpu1, () =>
        {
            for(var n = 0; n < 400; n++) // 1600 of the 1875 cycles that core 0 is ahead
            {
                rig.Read(Rig.Timer + 0x28);
            }
        });
        Equal(front, rig.Chip.Cycle, "the chip's cycle");
    }

    public static void Core_1s_divider_counts_by_its_own_time()
    {
        var rig = Waiting();
        On(rig.Cpu, () => rig.Write(Rig.Sio + FifoWr, 1));
        rig.Cpu.TimeHandle.TotalElapsedTime = TimeInterval.FromTicks(rig.Machine.Now + 15000);
        rig.Cpu1.TimeHandle.TotalElapsedTime = TimeInterval.FromTicks(rig.Machine.Now);
        rig.Machine.Now++;
        On(rig.Cpu, () => rig.Read(Rig.Timer + 0x28));
        On(rig.Cpu1, () =>
        {
            rig.Write(Rig.Sio + 0x60, 1000);
            rig.Write(Rig.Sio + 0x64, 7);
            for(var n = 0; n < 10; n++)
            {
                rig.Read(Rig.Sio); // one cycle each; the divider takes eight
            }
            Equal(142u, rig.Read(Rig.Sio + 0x70), "quotient");
            Equal(6u, rig.Read(Rig.Sio + 0x74), "remainder");
        });
    }

    public static void The_power_on_state_machine_resets_core_1()
    {
        var rig = Waiting();
        On(rig.Cpu, () => rig.Write(Rig.Sio + FifoWr, 1));
        rig.Cpu1.PC = Rig.Sram + 1;
        On(rig.Cpu, () => rig.Write(Psm + Rig.Set + 4, Proc1));
        True(rig.Cpu1.IsHalted && (rig.Read(Psm + 4) & Proc1) != 0, "held");
        Equal(0, rig.Cpu1.Resets, "and not yet reset");
        On(rig.Cpu, () => rig.Write(Psm + Rig.Clr + 4, Proc1));
        rig.Wait(1000);
        Equal(1, rig.Cpu1.Resets, "reset");
        Equal(1, rig.Nvic1.Resets, "with its NVIC");
        True(!rig.Cpu1.IsHalted && rig.Cpu1.PC.RawValue < 0x4000, "in the ROM");
        True(rig.Nvic1[16], "the NVIC is told of lines that are high");
    }

    public static void A_reset_of_the_board_halts_core_1_until_it_boots()
    {
        var rig = new Rig(both: true).Clocked();
        rig.Chip.Reset();
        Equal(1u, rig.Chip.BoardResets, "told to who runs the machine");
        True(rig.Cpu1.IsHalted, "halted");
        rig.Chip.Start(Rig.Sram, Rig.Sram + 0x1000);
        True(!rig.Cpu1.IsHalted, "and on its way");
    }

    public static void A_processor_that_sleeps_in_a_handler_that_has_not_begun_is_woken()
    {
        var rig = new Rig().Clocked();
        rig.PutCode(Rig.Sram, 0xBF30); // WFI
        rig.Cpu.Blocks.Enqueue(new TranslationCPU.Block { Pc = Rig.Sram, Instructions = 1 });
        rig.Cpu.ExecuteBlock();
        rig.Cpu.Wfi(true);
        Equal(0, rig.Cpu.WfiCleanings, "it sleeps rightly");
        rig.Cpu.InterruptBegin(5);
        rig.Cpu.Wfi(true);
        Equal(1, rig.Cpu.WfiCleanings, "no instruction since");
        True(rig.Cpu.EventFlag, "nor for want of an event");
        rig.Cpu.Blocks.Enqueue(new TranslationCPU.Block { Pc = Rig.Sram, Instructions = 1 });
        rig.Cpu.ExecuteBlock();
        rig.Cpu.Wfi(true);
        Equal(1, rig.Cpu.WfiCleanings, "the handler's own WFI");
    }

    public static void The_runner_shows_the_registers_of_either_core()
    {
        var rig = new Rig(both: true).Clocked();
        var runner = new RP2040_Runner(rig.Machine, rig.Chip, rig.Cpu, rig.Cpu1);
        rig.Cpu1.Registers[3] = 33;
        Equal(33u, runner.Register(3, 1), "a register of core 1");
        Equal(0u, runner.Register(3, 0), "and of core 0");
    }
}
