// Renode's virtual time and the chip's cycles, kept together.
//
// Renode counts one tick of 1 / PerformanceInMips us per instruction. The block-end hook asks librp2040 what a
// Cortex-M0+ would have taken and skips the difference, so Renode's virtual time is the chip's time. The chip's next
// event becomes an action of the machine.
using System;
using System.Collections.Generic;

using Antmicro.Renode.Core;
using Antmicro.Renode.Exceptions;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Time;

using Native = Antmicro.Renode.Peripherals.Miscellaneous.RP2040Native;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public class RP2040_Time
    {
        /// <summary>`onEvent` is called on the processor's thread when the chip has something to do.</summary>
        public RP2040_Time(IMachine machine, TranslationCPU cpu, IPeripheral owner, Action onEvent)
        {
            this.machine = machine;
            this.cpu = cpu;
            this.owner = owner;
            this.onEvent = onEvent;
        }

        /// <summary>Takes the chip's handle and the processor's hooks.</summary>
        public void Attach(IntPtr handle)
        {
            chip = handle;
            cpu.SetHookAtBlockEnd(OnBlockEnd);
            cpu.AddHookAtInterruptBegin(OnExceptionBegin);
            try
            {
                cpu.AddHookAtInterruptEnd(OnExceptionEnd);
            }
            catch(RecoverableException e)
            {
                owner.Log(LogLevel.Warning, "Exception returns cost nothing and handlers count as part of what they interrupt: {0}", e.Message);
            }
        }

        public void Detach()
        {
            chip = IntPtr.Zero;
        }

        /// <summary>Cycle 0 is now.</summary>
        public void Restart()
        {
            epoch = ElapsedNanoseconds(false);
            owed = 0;
            planned.Clear();
            Plan();
        }

        /// <summary>
        /// Takes over PerformanceInMips. Renode sets the properties of a .repl file after all constructors have run,
        /// so this is for the moment before the processor starts.
        /// </summary>
        public void Calibrate()
        {
            if(Mips == 0 || 1000 % Mips != 0)
            {
                throw new RecoverableException(string.Format("PerformanceInMips = {0} must divide 1000, or time moves in lumps", Mips));
            }
            picosecondsPerInstruction = 1000000 / Mips;
        }

        /// <summary>clk_sys changed.</summary>
        public void SetClock(uint hertz)
        {
            if(hertz / 1000000 > Mips && !warned)
            {
                warned = true;
                owner.Log(LogLevel.Warning, "clk_sys = {0} Hz, but PerformanceInMips = {1}: instructions take too long; set it, before `chip Boot`, to a number that divides 1000 and is no smaller", hertz, Mips);
            }
            picosecondsPerCycle = (long)((1000000000000UL + hertz / 2) / hertz);
        }

        public ulong CurrentCycle()
        {
            var nanoseconds = Math.Max(ElapsedNanoseconds(true), eventTime);
            var picoseconds = (nanoseconds - epoch) * 1000 + (ulong)Math.Max(0, owed);
            return Native.rp2040_cycle_at(chip, picoseconds);
        }

        /// <summary>Makes sure that the machine comes back no later than at the chip's next event.</summary>
        public void Plan()
        {
            var due = Native.rp2040_next_event(chip);
            if(due == Native.Never)
            {
                return;
            }
            var dueTime = epoch + (Native.rp2040_picoseconds(chip, due) + 999) / 1000;
            if(planned.Count > 0 && planned.Min <= dueTime)
            {
                return;
            }
            var elapsed = Math.Max(ElapsedNanoseconds(false), eventTime);
            // Whole instructions: Renode would stop one short of anything else, then execute a block of one.
            var delay = WholeInstructions(dueTime > elapsed ? dueTime - elapsed : 1);
            dueTime = elapsed + delay;
            if(!planned.Add(dueTime))
            {
                return;
            }
            machine.ScheduleAction(TimeInterval.FromNanoseconds(delay), _ => OnTime(dueTime), "rp2040");
        }

        /// <summary>Nanoseconds, rounded up to what a number of instructions takes.</summary>
        public ulong WholeInstructions(ulong nanoseconds)
        {
            var instruction = (ulong)picosecondsPerInstruction / 1000;
            return (nanoseconds + instruction - 1) / instruction * instruction;
        }

        /// <summary>Cycles that may be owed before time is skipped: less is finer, more is faster.</summary>
        public uint SkipGranularity
        {
            get { return skipGranularity; }
            set { skipGranularity = Math.Max(1, value); }
        }

        private ulong ElapsedNanoseconds(bool synchronise)
        {
            ICPU current;
            // Inside a clock event time stands where the event put it.
            if(synchronise && eventTime == 0 && machine.SystemBus.TryGetCurrentCPU(out current))
            {
                current.SyncTime();
            }
            return machine.ElapsedVirtualTime.TimeElapsed.Ticks / TimeInterval.TicksPerNanosecond;
        }

        private void OnTime(ulong time)
        {
            if(!planned.Remove(time) || chip == IntPtr.Zero)
            {
                return; // planned before a reset
            }
            var outer = eventTime;
            eventTime = time;
            try
            {
                onEvent();
            }
            finally
            {
                eventTime = outer;
            }
        }

        private void OnBlockEnd(ulong pc, uint instructions)
        {
            // Renode reports blocks left without an instruction executed, and sometimes "unknown" as the largest count.
            if(instructions == 0 || instructions > MaximumBlock || chip == IntPtr.Zero)
            {
                return;
            }
            Charge(Native.rp2040_cpu_block(chip, (uint)pc, instructions), instructions);
        }

        private void OnExceptionBegin(ulong index)
        {
            // SVC and faults come twice: first as themselves, to be pended, then as the interrupt that is taken.
            if(index == RP2040_Exceptions.Taken && chip != IntPtr.Zero)
            {
                Charge(Native.rp2040_cpu_exception(chip, 1), 0);
            }
        }

        private void OnExceptionEnd(ulong index)
        {
            if(chip != IntPtr.Zero)
            {
                Charge(Native.rp2040_cpu_exception(chip, 0), 0);
            }
        }

        private void Charge(uint cycles, uint instructions)
        {
            owed += (long)cycles * picosecondsPerCycle - (long)instructions * picosecondsPerInstruction;
            if(owed < (long)skipGranularity * picosecondsPerInstruction)
            {
                return;
            }
            // SkipTime counts in instructions: only whole ones.
            var whole = owed / picosecondsPerInstruction;
            owed -= whole * picosecondsPerInstruction;
            cpu.SkipTime(TimeInterval.FromNanoseconds((ulong)(whole * picosecondsPerInstruction / 1000)));
        }

        private uint Mips { get { return (uint)cpu.PerformanceInMips; } }

        private IntPtr chip;
        private ulong epoch;     // virtual time of power-on in ns
        private ulong eventTime; // of the clock event under way, 0 outside of events
        private long owed;       // ps that instructions took and Renode has not counted
        private long picosecondsPerCycle = 1000000000000L / 6500000;
        private long picosecondsPerInstruction = 8000;
        private uint skipGranularity = 32;
        private bool warned;

        private readonly IMachine machine;
        private readonly TranslationCPU cpu;
        private readonly IPeripheral owner;
        private readonly Action onEvent;
        private readonly SortedSet<ulong> planned = new SortedSet<ulong>();

        private const uint MaximumBlock = 0x10000;
    }
}
