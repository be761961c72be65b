// The hook for a processor library without the functions that BlockHook.cs wants: Renode's own at the end of each block.
//
// Renode has one place for such a hook. Whoever takes it later, as execution tracing does, would stop the chip's clock:
// the hook is looked after, and both are served.
using System;
using System.Reflection;

using Antmicro.Migrant;
using Antmicro.Renode.Core;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals.CPU;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public class RP2040_BlockEnd
    {
        /// <summary>`onBlock` is called on the processor's thread with address and instructions of each block.</summary>
        public RP2040_BlockEnd(IMachine machine, TranslationCPU cpu, IPeripheral owner, Action<uint, uint> onBlock)
        {
            this.machine = machine;
            this.cpu = cpu;
            this.owner = owner;
            this.onBlock = onBlock;
            ours = OnBlockEnd;
            both = OnBlockEndForBoth;
        }

        /// <summary>`field` is where Renode keeps the hook, or null.</summary>
        public void Attach(FieldInfo field)
        {
            holder = field;
            attached = true;
            guest = null;
            cpu.SetHookAtBlockEnd(null); // Renode tells its library of a hook only when there was none
            cpu.SetHookAtBlockEnd(ours);
        }

        public void Detach()
        {
            attached = false;
        }

        /// <summary>Looks whether the hook is still there, at most every tenth of a millisecond of virtual time.</summary>
        public void KeepAt(ulong nanoseconds)
        {
            if(attached && nanoseconds - looked >= 100000)
            {
                looked = nanoseconds;
                if(Held() != (guest == null ? ours : both))
                {
                    // Hooks may change only while no block is under way.
                    machine.LocalTimeSource.ExecuteInNearestSyncedState(_ => Keep());
                }
            }
        }

        /// <summary>Takes the hook back from whoever has it, or shares it.</summary>
        public void Keep()
        {
            var held = Held();
            if(!attached || held == (guest == null ? ours : both))
            {
                return;
            }
            if(held == null)
            {
                guest = null;
                cpu.SetHookAtBlockEnd(ours);
                owner.Log(LogLevel.Info, "The hook at the end of blocks was removed, and is back: the chip's clock needs it");
            }
            else if(held != ours)
            {
                guest = held;
                cpu.SetHookAtBlockEnd(both);
                owner.Log(LogLevel.Info, "The hook at the end of blocks is shared");
            }
        }

        private Action<ulong, uint> Held()
        {
            return holder == null ? ours : (Action<ulong, uint>)holder.GetValue(cpu);
        }

        private void OnBlockEnd(ulong pc, uint instructions)
        {
            // Renode reports blocks left without an instruction executed, and sometimes "unknown" as the largest count.
            if(instructions != 0 && instructions <= MaximumBlock && attached)
            {
                onBlock((uint)pc, instructions);
            }
        }

        private void OnBlockEndForBoth(ulong pc, uint instructions)
        {
            OnBlockEnd(pc, instructions);
            guest(pc, instructions);
        }

        private bool attached;
        private ulong looked;
        private Action<ulong, uint> guest;
        [Transient]
        private FieldInfo holder;

        private readonly IMachine machine;
        private readonly TranslationCPU cpu;
        private readonly IPeripheral owner;
        private readonly Action<uint, uint> onBlock;
        private readonly Action<ulong, uint> ours, both;

        private const uint MaximumBlock = 0x10000;
    }
}
