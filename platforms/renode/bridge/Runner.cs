// Runs the emulation for a host program, stopping at breakpoints and times without pausing the machine.
//
// Renode's own pause from a hook comes at the end of a quantum. Here the processor's thread waits inside the hook
// while the host looks at registers and memory, so what it sees is exact and nothing else moves. At the end of a run
// Renode's time stands still after a quantum that ends there, and the machine is neither paused nor started again for the
// next one, which would take milliseconds: `Settle` pauses it for who wants more than to look.
using System;
using System.Collections.Generic;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Threading;

using Antmicro.Migrant;
using Antmicro.Renode.Core;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Time;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public class RP2040_Runner : IPeripheral
    {
        public const int Finished = 0, Breakpoint = 1, Fault = 2, Halted = 3, Lockup = 4;

        public RP2040_Runner(IMachine machine, RP2040 chip, TranslationCPU cpu, TranslationCPU cpu1 = null)
        {
            this.machine = machine;
            this.chip = chip;
            this.cpu = cpu;
            cpus = cpu1 == null ? new[] { cpu } : new[] { cpu, cpu1 };
            chip.FaultHandler = text => Meet(Fault);
            chip.LockupHandler = () => Meet(Lockup);
        }

        public void Reset()
        {
            // Breakpoints outlive resets.
        }

        /// <summary>
        /// Runs for a time, or on to the end of the time given before if a breakpoint interrupted it.
        /// Returns Finished, Breakpoint, Fault, Lockup, or Halted when Renode has given the processor up; what went wrong
        /// inside Renode is thrown.
        /// </summary>
        public int Run(ulong nanoseconds)
        {
            if(!meeting)
            {
                period = chip.SetLimit(nanoseconds);
            }
            running = true;
            if(worker == null)
            {
                failure = null;
                settling = false;
                source = EmulationManager.Instance.CurrentEmulation.MasterTimeSource;
                Begin();
                worker = new Thread(Work) { IsBackground = true, Name = "emberwatch runner" };
                worker.Start();
            }
            else
            {
                meeting = false;
                go.Set();
            }
            met.WaitOne();
            if(reason != Finished)
            {
                return reason;
            }
            chip.ClearLimit();
            if(failure != null)
            {
                End();
                throw new InvalidOperationException(failure.Message, failure);
            }
            chip.Synchronise();
            return cpu.IsHalted && !chip.LockedUp ? Halted : Finished;
        }

        /// <summary>
        /// Pauses the machine after a run, as Renode's own runs end: for commands of the monitor, snapshots and whatever else
        /// stops it. While the processor waits at a breakpoint nothing happens.
        /// </summary>
        public void Settle()
        {
            if(worker != null && !meeting)
            {
                settling = true;
                go.Set();
                met.WaitOne();
                End();
            }
        }

        /// <summary>True while the processor waits at a breakpoint.</summary>
        public bool Waiting { get { return meeting; } }

        /// <summary>The cycle at which it does.</summary>
        public ulong StoppedAt { get; private set; }

        /// <summary>Reads (high half) and writes of addresses that nothing answers, as Renode's system bus counts them.</summary>
        public ulong Unexpected
        {
            get
            {
                var bus = machine.SystemBus.GetType();
                return Count(bus.GetProperty("UnexpectedReads")) << 32 | Count(bus.GetProperty("UnexpectedWrites"));
            }
        }

        public void AddBreakpoint(uint address)
        {
            OnCpuThread(() =>
            {
                if(breakpoints.Add(address))
                {
                    foreach(var core in cpus)
                    {
                        core.AddHook(address, OnHook);
                    }
                }
            });
        }

        public void RemoveBreakpoint(uint address)
        {
            OnCpuThread(() =>
            {
                if(breakpoints.Remove(address))
                {
                    foreach(var core in cpus)
                    {
                        core.RemoveHook(address, OnHook);
                    }
                }
            });
        }

        /// <summary>
        /// A breakpoint where calls begin or end, which need not stop a core that comes otherwise than by a branch of its own. Renode
        /// translates code anew for each hook that is added, removed or met, and takes milliseconds; here a look at each block does.
        /// </summary>
        public void AwaitCall(uint address)
        {
            if(!calls.Add(address))
            {
                return;
            }
            if(!chip.AwaitCalls(Awaited(), OnCall))
            {
                AddBreakpoint(address);
            }
        }

        public void ForgetCall(uint address)
        {
            if(calls.Remove(address) && !chip.AwaitCalls(Awaited(), OnCall))
            {
                RemoveBreakpoint(address);
            }
        }

        /// <summary>After a load: those that were set when the emulation was saved.</summary>
        public void ForgetBreakpoints()
        {
            foreach(var address in new List<uint>(breakpoints))
            {
                RemoveBreakpoint(address);
            }
            calls.Clear();
            chip.AwaitCalls(Awaited(), OnCall);
        }

        /// <summary>Lets a waiting processor run to the end of its time without stopping again, and pauses the machine.</summary>
        public void Abandon()
        {
            abandoned = true;
            if(meeting)
            {
                Run(0);
            }
            Settle();
        }

        /// <summary>R0-R15 of a core; R15 is the address of the next instruction.</summary>
        public uint Register(int number, int core)
        {
            return (uint)(number == 15 ? cpus[core].PC : cpus[core].GetRegister(number)).RawValue;
        }

        /// <summary>Copies R0-R15 of a core to a buffer of the host program.</summary>
        public void Registers(int core, long destination)
        {
            var values = new int[16];
            for(var number = 0; number < values.Length; number++)
            {
                values[number] = (int)Register(number, core);
            }
            Marshal.Copy(values, 0, new IntPtr(destination), values.Length);
        }

        /// <summary>Core that waits at a breakpoint.</summary>
        public int Core { get; private set; }

        /// <summary>
        /// Copies memory to a buffer of the host program, also while the processor waits at a breakpoint: what pauses the
        /// machine first, as some of the monitor's commands do, would wait for ever then.
        /// </summary>
        public void ReadMemory(ulong address, int size, long destination)
        {
            Marshal.Copy(machine.SystemBus.ReadBytes(address, size), 0, new IntPtr(destination), size);
        }

        /// <summary>Copies a buffer of the host program to memory.</summary>
        public void WriteMemory(ulong address, int size, long source)
        {
            var bytes = new byte[size];
            Marshal.Copy(new IntPtr(source), bytes, 0, size);
            machine.SystemBus.WriteBytes(bytes, address);
        }

        private ulong Count(PropertyInfo property)
        {
            return property == null ? 0 : Convert.ToUInt32(property.GetValue(machine.SystemBus, null));
        }

        private void Work()
        {
            var emulation = EmulationManager.Instance.CurrentEmulation;
            source.SyncHook += OnSync;
            try
            {
                emulation.RunFor(TimeInterval.FromNanoseconds(Endless));
            }
            catch(Settled)
            {
                emulation.PauseAll();
            }
            catch(Exception e)
            {
                failure = e;
            }
            source.SyncHook -= OnSync;
            chip.Quantum.Rest = 0;
            running = false;
            reason = Finished;
            met.Set();
        }

        /// <summary>After each quantum: the next one ends no later than the run, and at its end the host has its say.</summary>
        private void OnSync(TimeInterval now)
        {
            if(now.Ticks < end)
            {
                Shorten(now);
            }
            else
            {
                source.ExecuteInNearestSyncedState(_ => Stand()); // at once, and not under the source's lock as here
            }
        }

        private void Stand()
        {
            running = false;
            reason = Finished;
            met.Set();
            go.WaitOne();
            if(settling)
            {
                throw new Settled(); // the one way out of Renode's run
            }
            Begin();
        }

        private void Begin()
        {
            var now = source.ElapsedVirtualTime;
            end = now.Ticks + TimeInterval.FromNanoseconds(period).Ticks;
            Shorten(now);
        }

        private void Shorten(TimeInterval now)
        {
            var rest = end - now.Ticks;
            chip.Quantum.Rest = rest < chip.Quantum.Own ? rest : 0;
        }

        private void End()
        {
            worker.Join();
            worker = null;
        }

        private class Settled : Exception
        {
        }

        /// <summary>Action or delegate of Renode's, by version: with `object` it converts to either.</summary>
        private void OnHook(object processor, ulong address)
        {
            Core = Array.IndexOf(cpus, processor);
            chip.Synchronise();
            Meet(Breakpoint);
        }

        private uint[] Awaited()
        {
            var addresses = new uint[calls.Count];
            calls.CopyTo(addresses);
            return addresses;
        }

        private void OnCall(int core, uint address)
        {
            if(breakpoints.Contains(address))
            {
                return; // whose hook is about to stop it
            }
            var before = breakpoints.Count;
            Core = core;
            Meet(Breakpoint, chip.PresentCycle(core));
            if(breakpoints.Count != before)
            {
                // Renode's library is in the middle of its work, and takes new hooks when it has returned.
                var controllable = cpus[core] as IControllableCPU;
                if(controllable != null)
                {
                    controllable.RequestReturn();
                }
            }
        }

        /// <summary>On the processor's thread: shows the host what happened and does what it asks until told to go on.</summary>
        private void Meet(int why, ulong cycle = 0)
        {
            if(abandoned || !running)
            {
                return;
            }
            reason = why;
            StoppedAt = cycle == 0 ? chip.Cycle : cycle;
            meeting = true;
            met.Set();
            while(true)
            {
                go.WaitOne();
                var action = Interlocked.Exchange(ref request, null);
                if(action == null)
                {
                    break;
                }
                action();
                done.Set();
            }
        }

        /// <summary>Renode holds a lock on its hooks while it calls one, so only that thread may change them then.</summary>
        private void OnCpuThread(Action action)
        {
            if(!meeting)
            {
                action();
                return;
            }
            request = action;
            go.Set();
            done.WaitOne();
        }

        private readonly IMachine machine;
        private readonly RP2040 chip;
        private readonly TranslationCPU cpu;
        private readonly TranslationCPU[] cpus;
        private readonly HashSet<uint> breakpoints = new HashSet<uint>();
        private readonly HashSet<uint> calls = new HashSet<uint>();
        [Constructor(false)]
        private readonly AutoResetEvent met = new AutoResetEvent(false);
        [Constructor(false)]
        private readonly AutoResetEvent go = new AutoResetEvent(false);
        [Constructor(false)]
        private readonly AutoResetEvent done = new AutoResetEvent(false);
        [Transient]
        private volatile Thread worker;
        private volatile bool running, meeting, abandoned, settling;
        private volatile int reason;
        [Transient]
        private Action request;
        [Transient]
        private Exception failure;
        [Transient]
        private MasterTimeSource source;
        private ulong period, end; // of the run, in nanoseconds and in the source's ticks

        private const ulong Endless = 3600UL * 1000000000; // nanoseconds
    }
}
