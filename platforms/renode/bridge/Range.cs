// Numbers that are typed into the monitor. Renode turns what does not fit an unsigned parameter into something that does, so
// parameters are wide and signed, and are checked here.
using Antmicro.Renode.Exceptions;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public static class RP2040_Range
    {
        /// <summary>Throws what the monitor shows as one line unless `least` &lt;= `value` &lt;= `most`.</summary>
        public static void Check(string name, long value, long least, long most)
        {
            if(value < least || value > most)
            {
                throw new RecoverableException(string.Format("{0} = {1} is outside {2} to {3}", name, value, least, most));
            }
        }

        public static void Check(string name, double value, double least, double most)
        {
            if(!(value >= least && value <= most))
            {
                throw new RecoverableException(string.Format("{0} = {1} is outside {2} to {3}", name, value, least, most));
            }
        }
    }
}
