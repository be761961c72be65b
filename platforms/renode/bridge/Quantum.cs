// Renode's quantum, which more than one of the bridge's parts shortens: turns of two cores, a watchdog, the end of a run.
using System;

using Antmicro.Renode.Core;
using Antmicro.Renode.Time;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public class RP2040_Quantum
    {
        public RP2040_Quantum(IMachine machine)
        {
            this.machine = machine;
        }

        /// <summary>No longer than so many microseconds; 0: as the emulation has it.</summary>
        public ulong Turn
        {
            get { return turn; }
            set { Set(ref turn, value); }
        }

        /// <summary>No longer than so many of the time source's ticks, for what is left of a run; 0: there is no end.</summary>
        public ulong Rest
        {
            get { return rest; }
            set { Set(ref rest, value); }
        }

        /// <summary>No longer than so many microseconds while the watchdog is about to reset the chip; 0: it is not.</summary>
        public ulong Watch
        {
            get { return watch; }
            set { Set(ref watch, value); }
        }

        /// <summary>
        /// No longer than so many microseconds once a machine was saved; 0: it was not. With longer ones a machine that goes back may
        /// print a line some microseconds off.
        /// </summary>
        public ulong Saved
        {
            get { return saved; }
            set { Set(ref saved, value); }
        }

        /// <summary>The emulation's own, in the time source's ticks.</summary>
        public ulong Own { get { return shortened ? own : machine.LocalTimeSource.Quantum.Ticks; } }

        private void Set(ref ulong bound, ulong value)
        {
            if(bound != value)
            {
                bound = value;
                Apply();
            }
        }

        private void Apply()
        {
            var source = machine.LocalTimeSource;
            if(!shortened)
            {
                own = source.Quantum.Ticks;
            }
            var ticks = own;
            foreach(var bound in new[] { turn, watch, saved })
            {
                if(bound != 0)
                {
                    ticks = Math.Min(ticks, TimeInterval.FromMicroseconds(bound).Ticks);
                }
            }
            if(rest != 0)
            {
                ticks = Math.Min(ticks, rest);
            }
            shortened = ticks != own;
            source.Quantum = TimeInterval.FromTicks(ticks);
        }

        private ulong turn, watch, saved, rest, own;
        private bool shortened;

        private readonly IMachine machine;
    }
}
