// Renode's virtual time and the chip's cycles, kept together.
//
// Renode counts one tick of 1 / PerformanceInMips us per instruction. librp2040 hears of each block (BlockHook.cs), keeps
// what a Cortex-M0+ would have taken, and dates accesses and events with it; Renode skips the difference when it has
// grown, or when the chip has something to do (Core.cs). The chip's next event becomes an action of the machine.
using System;
using System.Collections.Generic;

using Antmicro.Migrant;
using Antmicro.Renode.Core;
using Antmicro.Renode.Exceptions;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Time;

using Native = Antmicro.Renode.Peripherals.Miscellaneous.RP2040Native;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    /// <summary>The clock of one core, which Core.cs keeps.</summary>
    public interface IRP2040_Clock
    {
        bool Asleep { get; }
        bool OnThread { get; }
        ulong Elapsed();
        void Restart();
        void Forget();
        void RebaseAt(ulong nanoseconds);
        void Calibrate(uint mips);
        void KeepHookAt(ulong nanoseconds);
        bool Granted(out ulong nanoseconds);
    }

    public class RP2040_Time
    {
        /// <summary>`onEvent` is called on a processor's thread when the chip has something to do.</summary>
        public RP2040_Time(IMachine machine, TranslationCPU cpu, IPeripheral owner, Action onEvent)
        {
            this.machine = machine;
            this.cpu = cpu;
            this.owner = owner;
            this.onEvent = onEvent;
        }

        /// <summary>The cores that have clocks, core 0 first; once, and again after a load with the new handle.</summary>
        public void Attach(IntPtr handle, IRP2040_Clock[] all)
        {
            chip = handle;
            cores = all;
            SetPace();
        }

        public void Detach()
        {
            chip = IntPtr.Zero;
        }

        /// <summary>Both cores execute.</summary>
        public bool Together { get; set; }

        /// <summary>Cycle 0 is now.</summary>
        public void Restart()
        {
            epoch = Now;
            planned.Clear();
            foreach(var core in cores)
            {
                core.Restart();
            }
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
            SetPace();
            foreach(var core in cores)
            {
                core.Calibrate(Mips); // both have one clock
            }
        }

        /// <summary>clk_sys changed.</summary>
        public void SetClock(uint hertz)
        {
            if(hertz / 1000000 > Mips && !warned)
            {
                warned = true;
                owner.Log(LogLevel.Warning, "clk_sys = {0} Hz, but PerformanceInMips = {1}: instructions take too long; set it, before `chip Boot`, to a number that divides 1000 and is no smaller", hertz, Mips);
            }
        }

        /// <summary>The machine's clock, in nanoseconds: with two cores, that of the one behind.</summary>
        public ulong Now { get { return machine.ElapsedVirtualTime.TimeElapsed.Ticks / TimeInterval.TicksPerNanosecond; } }

        /// <summary>When the clock event under way is, in nanoseconds; 0 outside of events.</summary>
        public ulong EventTime { get; private set; }

        /// <summary>Picoseconds from power-on to a time of the machine's in nanoseconds.</summary>
        public ulong Since(ulong nanoseconds)
        {
            return (nanoseconds - epoch) * 1000;
        }

        /// <summary>Nanoseconds of the whole instructions that fit in until the machine's clock shows so many picoseconds from power-on.</summary>
        public ulong Until(ulong picoseconds)
        {
            var at = epoch + picoseconds / 1000;
            return at > Now ? (at - Now) / Nanoseconds(1) * Nanoseconds(1) : 0;
        }

        public ulong Nanoseconds(ulong instructions)
        {
            return instructions * (picosecondsPerInstruction / 1000);
        }

        /// <summary>
        /// Whether the only core that executes sleeps, and until when nothing but the chip will wake it, in picoseconds since
        /// power-on: the end of what Renode has granted it, or something else of Renode's that is due.
        /// </summary>
        public bool Sleeps(out ulong until)
        {
            until = 0;
            ulong free;
            if(Together || !cores[0].Asleep || EventTime == 0 && !cores[0].OnThread || !cores[0].Granted(out free))
            {
                return false;
            }
            if(OthersWait())
            {
                free = Math.Min(free, ((BaseClockSource)machine.ClockSource).NearestLimitIn.Ticks / TimeInterval.TicksPerNanosecond);
            }
            until = Since(Math.Max(Now, EventTime) + free);
            return true;
        }

        /// <summary>
        /// Whether anything but the chip has a time to wait for. During an action the clock's nearest limit is that action's own
        /// delay at most, so it is asked only when it has to be.
        /// </summary>
        private bool OthersWait()
        {
            var clock = machine.ClockSource;
            if(entries == null)
            {
                var field = RP2040_BlockHook.FindField(clock.GetType(), "clockEntries");
                entries = field == null ? null : field.GetValue(clock) as List<ClockEntry>;
                if(entries == null)
                {
                    return true;
                }
            }
            foreach(var entry in entries)
            {
                if(entry.Enabled && entry.LocalName != ActionName)
                {
                    return true;
                }
            }
            return false;
        }

        /// <summary>The chip's cycle at this moment.</summary>
        public ulong CurrentCycle()
        {
            return Native.rp2040_cycle_of_host(chip, 0, cores[0].Elapsed());
        }

        /// <summary>Makes sure that the machine comes back no later than at `due`, picoseconds since power-on.</summary>
        public void Plan(ulong due)
        {
            if(due == Native.Never)
            {
                return;
            }
            var dueTime = epoch + (due + 999) / 1000;
            if(planned.Count > 0 && planned.Min <= dueTime)
            {
                return;
            }
            if(EventTime == 0 && cpu.OnPossessedThread)
            {
                cpu.SyncTime();
            }
            var elapsed = Math.Max(Now, EventTime);
            // Whole instructions: Renode would stop one short of anything else, then execute a block of one.
            var delay = WholeInstructions(dueTime > elapsed ? dueTime - elapsed : 1);
            dueTime = elapsed + delay;
            if(!planned.Add(dueTime))
            {
                return;
            }
            machine.ScheduleAction(TimeInterval.FromNanoseconds(delay), _ => OnTime(dueTime), ActionName);
        }

        /// <summary>Nanoseconds, rounded up to what a number of instructions takes.</summary>
        public ulong WholeInstructions(ulong nanoseconds)
        {
            var instruction = picosecondsPerInstruction / 1000;
            return (nanoseconds + instruction - 1) / instruction * instruction;
        }

        /// <summary>
        /// Instructions' worth of time that Renode's clock may lag behind the chip's, 1 to 1000000. Less is finer for what
        /// counts by Renode's clock, which is models of Renode's; more is faster. Until it is set it is little
        /// while something of Renode's or the other core waits for its clock, and much while nobody can tell.
        /// </summary>
        public long SkipGranularity
        {
            get { return skipGranularity; }
            set
            {
                RP2040_Range.Check("SkipGranularity", value, 1, 1000000);
                skipGranularity = value;
                fixedGranularity = true;
                SetPace();
            }
        }

        /// <summary>Now and then, on a thread on which nothing is under way: whether anybody watches Renode's clock.</summary>
        public void Adapt()
        {
            var wanted = Together || OthersWait() ? Fine : Coarse;
            if(!fixedGranularity && wanted != skipGranularity)
            {
                skipGranularity = wanted;
                SetPace();
            }
        }

        private void SetPace()
        {
            Native.rp2040_pace(chip, (uint)picosecondsPerInstruction, (ulong)skipGranularity * picosecondsPerInstruction);
        }

        private void OnTime(ulong time)
        {
            if(!planned.Remove(time) || chip == IntPtr.Zero)
            {
                return; // planned before a reset
            }
            var outer = EventTime;
            EventTime = time;
            try
            {
                if(outer == 0)
                {
                    foreach(var core in cores)
                    {
                        if(Together)
                        {
                            core.Forget(); // one of the two is elsewhere
                        }
                        else
                        {
                            core.RebaseAt(time);
                        }
                        core.KeepHookAt(time);
                    }
                }
                onEvent();
            }
            finally
            {
                EventTime = outer;
            }
        }

        private uint Mips { get { return (uint)cpu.PerformanceInMips; } }

        [Transient]
        private IntPtr chip;
        private ulong epoch; // virtual time of power-on in ns
        private ulong picosecondsPerInstruction = 8000;
        private long skipGranularity = Fine;
        private bool fixedGranularity;
        private const long Fine = 500, Coarse = 12500;
        private bool warned;
        private IRP2040_Clock[] cores = { };
        [Transient]
        private List<ClockEntry> entries; // the clock's own
        private const string ActionName = "rp2040";

        private readonly IMachine machine;
        private readonly TranslationCPU cpu;
        private readonly IPeripheral owner;
        private readonly Action onEvent;
        private readonly SortedSet<ulong> planned = new SortedSet<ulong>();
    }
}
