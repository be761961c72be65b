// Threads other than the processor's that use the chip: the library is for one at a time.
using System;
using System.Collections.Generic;

using Antmicro.Renode.Core;
using Antmicro.Renode.Peripherals.CPU;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public class RP2040_Visitors
    {
        /// <summary>`synchronise` brings the chip to the present, before and after what a visitor does.</summary>
        public RP2040_Visitors(IMachine machine, TranslationCPU cpu, Action synchronise)
        {
            this.machine = machine;
            this.cpu = cpu;
            this.synchronise = synchronise;
        }

        /// <summary>Nobody executes until the result is disposed of; null on a processor's own thread.</summary>
        public IDisposable Hold()
        {
            ICPU current;
            return machine.SystemBus.TryGetCurrentCPU(out current) ? null : machine.ObtainPausedState(true);
        }

        /// <summary>At once if the processor stands still, else when all of Renode's threads have met.</summary>
        public void Post(Action action)
        {
            if(cpu.OnPossessedThread || machine.IsPaused)
            {
                synchronise();
                action();
                synchronise();
                return;
            }
            lock(posted)
            {
                posted.Enqueue(action);
                if(posted.Count > 1)
                {
                    return;
                }
            }
            machine.LocalTimeSource.ExecuteInNearestSyncedState(_ => RunPosted());
        }

        private void RunPosted()
        {
            while(true)
            {
                Action action;
                lock(posted)
                {
                    if(posted.Count == 0)
                    {
                        return;
                    }
                    action = posted.Dequeue();
                }
                synchronise();
                action();
                synchronise();
            }
        }

        private readonly IMachine machine;
        private readonly TranslationCPU cpu;
        private readonly Action synchronise;
        private readonly Queue<Action> posted = new Queue<Action>();
    }
}
