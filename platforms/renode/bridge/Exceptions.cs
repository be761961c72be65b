// What the bridge tells Renode's NVIC: NMI, SysTick's exception, and that ARMv6-M has no fault but HardFault.
//
// The NVIC's class is in an assembly that need not be loaded when Renode compiles this file: reflection finds what is
// needed in it.
using System;
using System.Reflection;

using Antmicro.Migrant;
using Antmicro.Migrant.Hooks;
using Antmicro.Renode.Core;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals.CPU;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public class RP2040_Exceptions
    {
        /// <summary>`onLockup` is called when a fault cannot be taken; the processor is halted by then.</summary>
        public RP2040_Exceptions(IPeripheral owner, TranslationCPU cpu, IPeripheral nvic, uint core, Action onLockup)
        {
            this.owner = owner;
            this.cpu = cpu;
            this.nvic = nvic;
            this.core = core;
            this.onLockup = onLockup;
            Find();
            // Renode after 1.16.1 escalates faults to HardFault by itself.
            redirects = pend != null && Find(nvic, "SetPendingSynchronousFault") == null && Find(cpu, "SetPendingSynchronousFault") == null;
        }

        /// <summary>Finds the NVIC's methods, also after a load.</summary>
        public void Find()
        {
            pend = Method("SetPendingIRQ");
            clear = Method("ClearPending");
        }

        public void PendNmi()
        {
            if(pend == null)
            {
                owner.Log(LogLevel.Warning, "The NMI (SYSCFG.PROC{0}_NMI_MASK) is not connected: this platform names no NVIC that takes it", core);
                return;
            }
            Call(pend, Nmi);
        }

        /// <summary>SysTick has reached 0.</summary>
        public void PendSysTick()
        {
            Call(pend, SysTick);
        }

        /// <summary>
        /// Renode's library begins each fault twice: first as itself, to be pended as UsageFault, MemManage or debug
        /// monitor, then as the exception that is taken. HardFault is pended before the first, and before the second
        /// the other one is withdrawn: it has the same priority and a higher number, so it has not been taken.
        /// </summary>
        public void OnBegin(ulong index)
        {
            if(!redirects)
            {
                return;
            }
            if(index == Taken)
            {
                if(pending)
                {
                    pending = false;
                    foreach(var number in replaced)
                    {
                        Call(clear, number);
                    }
                }
            }
            else if(Array.IndexOf(faults, index) >= 0)
            {
                if(pending) // and not taken: the processor would try the same instruction for ever
                {
                    pending = false;
                    cpu.IsHalted = true;
                    onLockup();
                    return;
                }
                pending = true;
                Call(pend, HardFault);
            }
        }

        /// <summary>
        /// Whether a locked-up processor ended its program as programs of the SDK do: BKPT in the endless loop of `_exit`,
        /// with status 0 in r0. Without a debugger the BKPT is a HardFault, and its handler another one.
        /// </summary>
        public bool ProgramEnded()
        {
            try
            {
                var bus = owner.GetMachine().SystemBus;
                var frame = (ulong)cpu.GetRegister(13).RawValue;
                var pc = bus.ReadDoubleWord(frame + 24);
                var loop = bus.ReadDoubleWord(pc);
                return bus.ReadDoubleWord(frame) == 0 && (loop == BkptAndBack || loop == BkptAndStay);
            }
            catch(Exception) // a stack or a program counter that is nowhere
            {
                return false;
            }
        }

        public void Reset()
        {
            pending = false;
        }

        public void ResetNvic()
        {
            if(nvic != null)
            {
                nvic.Reset();
            }
        }

        private void Call(MethodInfo method, int number)
        {
            if(method != null)
            {
                method.Invoke(nvic, new object[] { number });
            }
        }

        private MethodInfo Method(string name)
        {
            var method = Find(nvic, name);
            return method != null && method.GetParameters().Length == 1 && method.GetParameters()[0].ParameterType == typeof(int) ? method : null;
        }

        private static MethodInfo Find(IPeripheral where, string name)
        {
            return where == null ? null : Array.Find(
                where.GetType().GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic), m => m.Name == name);
        }

        private bool pending;

        private readonly IPeripheral owner;
        private readonly TranslationCPU cpu;
        private readonly IPeripheral nvic;
        private readonly uint core;
        private readonly Action onLockup;
        [Transient]
        private MethodInfo pend, clear;
        private readonly bool redirects;

        /// <summary>EXCP_IRQ of Renode's Arm library.</summary>
        public const ulong Taken = 5;
        // EXCP_UDEF, EXCP_PREFETCH_ABORT, EXCP_DATA_ABORT, EXCP_BKPT, EXCP_NOCP, EXCP_INVSTATE
        private static readonly ulong[] faults = { 1, 3, 4, 7, 17, 18 };
        // MemManage, BusFault, UsageFault, debug monitor
        private static readonly int[] replaced = { 4, 5, 6, 12 };
        private const int Nmi = 2, HardFault = 3, SysTick = 15;
        // BKPT #0, then a branch to it, or to itself
        private const uint BkptAndBack = 0xE7FDBE00, BkptAndStay = 0xE7FEBE00;
    }
}
