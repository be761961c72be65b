// Core 1: when it executes, and what becomes of Renode's time then.
//
// After any reset it is in the boot ROM, where it waits for a word from core 0. While it does so it is halted, and the board is
// one of one core. Core 0's next word lets it go on; from then on Renode's processors take turns, a few microseconds each.
using System;
using System.Collections.Generic;
using System.Reflection;

using Antmicro.Migrant;
using Antmicro.Renode.Core;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Time;

using Native = Antmicro.Renode.Peripherals.Miscellaneous.RP2040Native;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public class RP2040_SecondCore
    {
        public RP2040_SecondCore(IMachine machine, RP2040_Core first, RP2040_Core core, RP2040_Time time, RP2040_Quantum quantum)
        {
            this.machine = machine;
            this.first = first;
            this.core = core;
            this.time = time;
            this.quantum = quantum;
            // The library is for one thread at a time, and runs are to be the same each time.
            machine.LocalTimeSource.ExecuteInSerial = true;
        }

        public void Attach(IntPtr handle)
        {
            chip = handle;
            if(Waits)
            {
                core.Cpu.ExecutionMode = ExecutionMode.SingleStep; // which no snapshot keeps
            }
        }

        /// <summary>After a reset of the processor, and while no block is under way: into the ROM.</summary>
        public void Start()
        {
            core.ClearVectors();
            core.Jump(machine.SystemBus.ReadDoubleWord(4), machine.SystemBus.ReadDoubleWord(0), 0xFFFFFFFF);
            Go();
        }

        /// <summary>Halts it: it is reset, or held in reset.</summary>
        public void Stop()
        {
            core.Halt();
            // A halted processor's thread asks for time all the while; one that waits for a debugger's step does not.
            core.Cpu.ExecutionMode = ExecutionMode.SingleStep;
            time.Together = false;
            Native.rp2040_execute(chip, 1);
            restores = quantum.Turn != 0;
        }

        /// <summary>Core 0 sends it something.</summary>
        public void Wake()
        {
            if(Waits)
            {
                Waits = false;
                Go();
            }
        }

        /// <summary>
        /// How long each core executes before it is the other one's turn, in microseconds, from the next launch of core 1 on: one
        /// core hears of what the other one did up to so much later. Each turn costs the host some 30 us.
        /// </summary>
        public long Turn
        {
            get { return turn; }
            set
            {
                RP2040_Range.Check("CoreTurn", value, 1, 1000);
                turn = value;
            }
        }

        /// <summary>It is halted because it waits in the ROM.</summary>
        public bool Waits { get; private set; }

        /// <summary>On its thread: it sleeps. In the ROM nothing but a word from core 0 is of interest to it.</summary>
        public void OnSleep(bool sleeps)
        {
            if(sleeps && core.Cpu.PC.RawValue < RomSize && Native.rp2040_fifo(chip, core.Index) == 0)
            {
                Stop();
                Waits = true;
            }
        }

        /// <summary>At the end of a quantum of this machine's.</summary>
        public void OnQuantum()
        {
            Order();
            if(!restores)
            {
                return;
            }
            // Only where the emulation's own quantum ends, or this one would reach beyond it.
            var source = machine.LocalTimeSource;
            var end = EmulationManager.Instance.CurrentEmulation.MasterTimeSource.NearestSyncPoint.Ticks;
            if(source.NearestSyncPoint.Ticks + source.Quantum.Ticks > end)
            {
                quantum.Turn = 0;
                restores = false;
            }
        }

        /// <summary>
        /// Renode asks processors one after the other how far they are. A halted one behind core 0 would hold its time back until
        /// the end of each quantum; one that executes comes second. The list is Renode's own.
        /// </summary>
        private void Order()
        {
            var handles = Handles();
            var own = core.Cpu.TimeHandle;
            var node = handles == null ? null : handles.Find(own);
            if(node == null)
            {
                return;
            }
            var other = handles.Find(first.Cpu.TimeHandle);
            for(var at = node; at != null && other != null; at = at.Next)
            {
                if(at == other) // it comes before core 0
                {
                    if(time.Together)
                    {
                        handles.Remove(node);
                        handles.AddAfter(other, own);
                    }
                    return;
                }
            }
            if(!time.Together && other != null)
            {
                handles.Remove(node);
                handles.AddBefore(other, own);
            }
        }

        private LinkedList<TimeHandle> Handles()
        {
            if(ready == null)
            {
                var source = machine.LocalTimeSource;
                var collection = RP2040_BlockHook.FindField(source.GetType(), "handles");
                ready = collection == null ? null : RP2040_BlockHook.FindField(collection.FieldType, "ready");
                list = ready == null ? null : collection.GetValue(source);
            }
            return list == null ? null : ready.GetValue(list) as LinkedList<TimeHandle>;
        }

        private void Go()
        {
            Waits = false;
            restores = false;
            quantum.Turn = (ulong)turn;
            time.Together = true;
            time.Adapt();
            Native.rp2040_execute(chip, 3);
            core.Forget();
            core.Cpu.ExecutionMode = ExecutionMode.Continuous;
            core.Cpu.IsHalted = false;
        }

        [Transient]
        private IntPtr chip;
        [Transient]
        private FieldInfo ready;
        [Transient]
        private object list;
        private bool restores;
        private long turn = 20;

        private readonly IMachine machine;
        private readonly RP2040_Core first, core;
        private readonly RP2040_Time time;
        private readonly RP2040_Quantum quantum;

        private const ulong RomSize = 0x4000;
    }
}
