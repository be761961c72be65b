// What a host program sees: runs, breakpoints, awaited calls, memory.
using System;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;

using Antmicro.Renode.Core;
using Antmicro.Renode.Exceptions;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Peripherals.Miscellaneous;

using static Check;

public static class RunnerTests
{
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
        Equal(Rig.Sram + 16, runner.Register(15, 0), "where");
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

    public static void Calls_are_awaited_where_a_block_goes_on()
    {
        foreach(var native in new[] { true, false }) // by the library's look at each block, or by hooks of Renode's
        {
            var cycles = new ulong[2];
            for(var awaited = 0; awaited < 2; awaited++)
            {
                var rig = new Rig(native: native).Clocked();
                var runner = new RP2040_Runner(rig.Machine, rig.Chip, rig.Cpu);
                rig.PutCode(Rig.Sram, Enumerable.Repeat((ushort)0xBF00, 64).ToArray());
                for(uint n = 0; n < 16; n++)
                {
                    rig.Cpu.Blocks.Enqueue(new TranslationCPU.Block { Pc = Rig.Sram + 8 * n, Instructions = 4 });
                }
                var before = rig.Chip.CpuCycles;
                if(awaited == 1)
                {
                    runner.AwaitCall(Rig.Sram + 16);
                    Equal(RP2040_Runner.Breakpoint, runner.Run(1000000), "first stop");
                    Equal(Rig.Sram + 16, runner.Register(15, 0), "where");
                    Equal(0, runner.Core, "core");
                    runner.ForgetCall(Rig.Sram + 16);
                    runner.AwaitCall(Rig.Sram + 40);
                    Equal(RP2040_Runner.Breakpoint, runner.Run(1), "second stop");
                    Equal(Rig.Sram + 40, runner.Register(15, 0), "where");
                    runner.ForgetCall(Rig.Sram + 40);
                }
                Equal(RP2040_Runner.Finished, runner.Run(1000000), "the rest of the time");
                cycles[awaited] = rig.Chip.CpuCycles - before;
            }
            Equal(cycles[0], cycles[1], "cycles");
        }
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

    public static void Runs_follow_one_another_without_a_pause()
    {
        var rig = new Rig().Clocked();
        var emulation = EmulationManager.Instance.CurrentEmulation;
        var runner = new RP2040_Runner(rig.Machine, rig.Chip, rig.Cpu);
        var starts = emulation.Starts;
        var pauses = emulation.PausesOfAll;
        runner.Run(1000); // the chip was ahead by what its registers took
        var began = rig.Machine.Now;
        foreach(var nanoseconds in new ulong[] { 1000, 2500000, 8, 1000000 })
        {
            Equal(RP2040_Runner.Finished, runner.Run(nanoseconds), "finished");
        }
        Equal(3501008UL, rig.Machine.Now - began, "all of the time and no more");
        Equal(starts + 1, emulation.Starts, "starts");
        Equal(pauses, emulation.PausesOfAll, "pauses");
        Equal(1000000UL, rig.Machine.Quantum.Ticks, "quantum of the last piece");
        runner.Run(8000);
        runner.Settle();
        runner.Settle();
        Equal(pauses + 1, emulation.PausesOfAll, "paused");
        Equal(1000000UL, rig.Machine.Quantum.Ticks, "the emulation's own quantum");
        runner.Run(8000);
        Equal(starts + 2, emulation.Starts, "starts again");
        Equal(3517008UL, rig.Machine.Now - began, "goes on where it was");
        runner.Settle();
    }

    public static void A_run_gives_renode_time_for_what_it_has_yet_to_skip()
    {
        var rig = new Rig().Clocked();
        var runner = new RP2040_Runner(rig.Machine, rig.Chip, rig.Cpu);
        runner.Run(1000000);
        var end = rig.Machine.Now;
        rig.Machine.Now -= 4800; // as if the run had ended before all was skipped
        var cycle = rig.Chip.Cycle;
        Equal(RP2040_Runner.Finished, runner.Run(8), "finished");
        Equal(end + 8, rig.Machine.Now, "Renode's clock has caught up");
        Equal(cycle + 1, rig.Chip.Cycle, "a cycle of the chip's");
        runner.Settle();
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
}
