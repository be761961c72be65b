// A Cortex-M0+ has no exclusive accesses, but Renode keeps those of a machine's processors apart all the same: with two of
// them each store takes a lock in a table that both share, which is a quarter of the time of a loop that stores.
//
// A processor may have such a state of its own in Renode, and then takes no lock. Here both do.
using System;
using System.Reflection;

using Antmicro.Renode.Core;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals;
using Antmicro.Renode.Peripherals.CPU;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public static class RP2040_Exclusives
    {
        /// <summary>To be called before the processor executes; false: this Renode has none of it, or has it otherwise.</summary>
        public static bool Separate(TranslationCPU cpu, IPeripheral owner)
        {
            try
            {
                var shares = RP2040_BlockHook.FindField(cpu.GetType(), "UseMachineAtomicState");
                var own = RP2040_BlockHook.FindField(cpu.GetType(), "localAtomicState");
                var register = RP2040_BlockHook.FindField(cpu.GetType(), "TlibAtomicMemoryStateInit");
                var number = RP2040_BlockHook.FindField(cpu.GetType(), "atomicId");
                if(shares == null || own == null || register == null || number == null)
                {
                    return false;
                }
                var type = own.FieldType;
                var bits = type.GetField("MinimalStoreTableBits", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic);
                var state = Activator.CreateInstance(type, cpu, bits == null ? null : bits.GetValue(null));
                var pointer = (IntPtr)type.GetProperty("AtomicMemoryStatePointer").GetValue(state, null);
                var taken = ((Func<IntPtr, int, int>)register.GetValue(cpu))(pointer, -1);
                if(taken == -1)
                {
                    return false;
                }
                own.SetValue(cpu, state);
                shares.SetValue(cpu, false);
                number.SetValue(cpu, taken);
                return true;
            }
            catch(Exception e) // whatever else this Renode is: its stores are slower
            {
                owner.Log(LogLevel.Debug, "Stores take a lock: {0}", e.Message);
                return false;
            }
        }
    }
}
