// What `Save` of the monitor is told: the chip's state is in librp2040, which Renode's serializer cannot see.
using Antmicro.Renode.Exceptions;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public static class RP2040_Snapshot
    {
        public static void Refuse()
        {
            throw new RecoverableException("this board cannot be saved: the RP2040's state is in librp2040, not in Renode; " +
                "the embedded engine has snapshots");
        }
    }
}
