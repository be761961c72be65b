#include "base/register_names.hpp"

#include <array>
#include <charconv>
#include <cstddef>

namespace rp2040 {

namespace {

/// Names in the order of their addresses, a word each. "0x40" goes on at that offset, "4*( A% B% )" stands for
/// A0 B0 A1 B1 A2 B2 A3 B3.
struct Block {
    std::string_view name;
    std::string_view registers;
};

constexpr std::array kBlocks = {
    Block{"ADC", "CS RESULT FCS FIFO DIV INTR INTE INTF INTS"},
    Block{"BUSCTRL", "BUS_PRIORITY BUS_PRIORITY_ACK 4*( PERFCTR% PERFSEL% )"},
    Block{"CLOCKS",
          "4*( CLK_GPOUT%_CTRL CLK_GPOUT%_DIV CLK_GPOUT%_SELECTED ) CLK_REF_CTRL CLK_REF_DIV CLK_REF_SELECTED "
          "CLK_SYS_CTRL CLK_SYS_DIV CLK_SYS_SELECTED CLK_PERI_CTRL CLK_PERI_DIV CLK_PERI_SELECTED CLK_USB_CTRL "
          "CLK_USB_DIV CLK_USB_SELECTED CLK_ADC_CTRL CLK_ADC_DIV CLK_ADC_SELECTED CLK_RTC_CTRL CLK_RTC_DIV "
          "CLK_RTC_SELECTED CLK_SYS_RESUS_CTRL CLK_SYS_RESUS_STATUS FC0_REF_KHZ FC0_MIN_KHZ FC0_MAX_KHZ FC0_DELAY "
          "FC0_INTERVAL FC0_SRC FC0_STATUS FC0_RESULT WAKE_EN0 WAKE_EN1 SLEEP_EN0 SLEEP_EN1 ENABLED0 ENABLED1 INTR "
          "INTE INTF INTS"},
    Block{"DMA",
          "12*( CH%_READ_ADDR CH%_WRITE_ADDR CH%_TRANS_COUNT CH%_CTRL_TRIG CH%_AL1_CTRL CH%_AL1_READ_ADDR "
          "CH%_AL1_WRITE_ADDR CH%_AL1_TRANS_COUNT_TRIG CH%_AL2_CTRL CH%_AL2_TRANS_COUNT CH%_AL2_READ_ADDR "
          "CH%_AL2_WRITE_ADDR_TRIG CH%_AL3_CTRL CH%_AL3_WRITE_ADDR CH%_AL3_TRANS_COUNT CH%_AL3_READ_ADDR_TRIG ) "
          "0x400 INTR INTE0 INTF0 INTS0 INTR1 INTE1 INTF1 INTS1 4*( TIMER% ) MULTI_CHAN_TRIGGER SNIFF_CTRL SNIFF_DATA "
          "0x440 FIFO_LEVELS CHAN_ABORT N_CHANNELS 0x800 12*( CH%_DBG_CTDREQ CH%_DBG_TCR +14 )"},
    Block{"I2C",
          "IC_CON IC_TAR IC_SAR 0x10 IC_DATA_CMD IC_SS_SCL_HCNT IC_SS_SCL_LCNT IC_FS_SCL_HCNT IC_FS_SCL_LCNT 0x2c "
          "IC_INTR_STAT IC_INTR_MASK IC_RAW_INTR_STAT IC_RX_TL IC_TX_TL IC_CLR_INTR IC_CLR_RX_UNDER IC_CLR_RX_OVER "
          "IC_CLR_TX_OVER IC_CLR_RD_REQ IC_CLR_TX_ABRT IC_CLR_RX_DONE IC_CLR_ACTIVITY IC_CLR_STOP_DET "
          "IC_CLR_START_DET IC_CLR_GEN_CALL IC_ENABLE IC_STATUS IC_TXFLR IC_RXFLR IC_SDA_HOLD IC_TX_ABRT_SOURCE "
          "IC_SLV_DATA_NACK_ONLY IC_DMA_CR IC_DMA_TDLR IC_DMA_RDLR IC_SDA_SETUP IC_ACK_GENERAL_CALL "
          "IC_ENABLE_STATUS IC_FS_SPKLEN 0xa8 IC_CLR_RESTART_DET 0xf4 IC_COMP_PARAM_1 IC_COMP_VERSION IC_COMP_TYPE"},
    Block{"IO_BANK0",
          "30*( GPIO%_STATUS GPIO%_CTRL ) 4*( INTR% ) 4*( PROC0_INTE% ) 4*( PROC0_INTF% ) 4*( PROC0_INTS% ) "
          "4*( PROC1_INTE% ) 4*( PROC1_INTF% ) 4*( PROC1_INTS% ) 4*( DORMANT_WAKE_INTE% ) 4*( DORMANT_WAKE_INTF% ) "
          "4*( DORMANT_WAKE_INTS% )"},
    Block{"IO_QSPI",
          "GPIO_QSPI_SCLK_STATUS GPIO_QSPI_SCLK_CTRL GPIO_QSPI_SS_STATUS GPIO_QSPI_SS_CTRL "
          "4*( GPIO_QSPI_SD%_STATUS GPIO_QSPI_SD%_CTRL ) INTR 2*( PROC%_INTE PROC%_INTF PROC%_INTS ) "
          "DORMANT_WAKE_INTE DORMANT_WAKE_INTF DORMANT_WAKE_INTS"},
    Block{"PADS_BANK0", "VOLTAGE_SELECT 30*( GPIO% ) SWCLK SWD"},
    Block{"PADS_QSPI", "VOLTAGE_SELECT GPIO_QSPI_SCLK 4*( GPIO_QSPI_SD% ) GPIO_QSPI_SS"},
    Block{"PIO",
          "CTRL FSTAT FDEBUG FLEVEL 4*( TXF% ) 4*( RXF% ) IRQ IRQ_FORCE INPUT_SYNC_BYPASS DBG_PADOUT DBG_PADOE "
          "DBG_CFGINFO 32*( INSTR_MEM% ) "
          "4*( SM%_CLKDIV SM%_EXECCTRL SM%_SHIFTCTRL SM%_ADDR SM%_INSTR SM%_PINCTRL ) INTR "
          "2*( IRQ%_INTE IRQ%_INTF IRQ%_INTS )"},
    Block{"PLL_SYS", "CS PWR FBDIV_INT PRIM"},
    Block{"PLL_USB", "CS PWR FBDIV_INT PRIM"},
    Block{"PSM", "FRCE_ON FRCE_OFF WDSEL DONE"},
    Block{"PWM", "8*( CH%_CSR CH%_DIV CH%_CTR CH%_CC CH%_TOP ) EN INTR INTE INTF INTS"},
    Block{"RESETS", "RESET WDSEL RESET_DONE"},
    Block{"ROSC", "CTRL FREQA FREQB DORMANT DIV PHASE STATUS RANDOMBIT COUNT"},
    Block{"RTC", "CLKDIV_M1 SETUP_0 SETUP_1 CTRL IRQ_SETUP_0 IRQ_SETUP_1 RTC_1 RTC_0 INTR INTE INTF INTS"},
    Block{"SIO",
          "CPUID GPIO_IN GPIO_HI_IN 0x10 GPIO_OUT GPIO_OUT_SET GPIO_OUT_CLR GPIO_OUT_XOR GPIO_OE GPIO_OE_SET "
          "GPIO_OE_CLR GPIO_OE_XOR GPIO_HI_OUT GPIO_HI_OUT_SET GPIO_HI_OUT_CLR GPIO_HI_OUT_XOR GPIO_HI_OE "
          "GPIO_HI_OE_SET GPIO_HI_OE_CLR GPIO_HI_OE_XOR FIFO_ST FIFO_WR FIFO_RD SPINLOCK_ST DIV_UDIVIDEND "
          "DIV_UDIVISOR DIV_SDIVIDEND DIV_SDIVISOR DIV_QUOTIENT DIV_REMAINDER DIV_CSR 0x80 "
          "2*( INTERP%_ACCUM0 INTERP%_ACCUM1 INTERP%_BASE0 INTERP%_BASE1 INTERP%_BASE2 INTERP%_POP_LANE0 "
          "INTERP%_POP_LANE1 INTERP%_POP_FULL INTERP%_PEEK_LANE0 INTERP%_PEEK_LANE1 INTERP%_PEEK_FULL "
          "INTERP%_CTRL_LANE0 INTERP%_CTRL_LANE1 INTERP%_ACCUM0_ADD INTERP%_ACCUM1_ADD INTERP%_BASE_1AND0 ) "
          "32*( SPINLOCK% )"},
    Block{"SPI",
          "SSPCR0 SSPCR1 SSPDR SSPSR SSPCPSR SSPIMSC SSPRIS SSPMIS SSPICR SSPDMACR 0xfe0 4*( SSPPERIPHID% ) "
          "4*( SSPPCELLID% )"},
    Block{"SYSCFG",
          "PROC0_NMI_MASK PROC1_NMI_MASK PROC_CONFIG PROC_IN_SYNC_BYPASS PROC_IN_SYNC_BYPASS_HI DBGFORCE "
          "MEMPOWERDOWN"},
    // GITREF_RP2040 has been at both offsets in the manufacturer's own descriptions.
    Block{"SYSINFO", "CHIP_ID PLATFORM 0x10 GITREF_RP2040 0x40 GITREF_RP2040"},
    Block{"TBMAN", "PLATFORM"},
    Block{"TIMER",
          "TIMEHW TIMELW TIMEHR TIMELR 4*( ALARM% ) ARMED TIMERAWH TIMERAWL DBGPAUSE PAUSE INTR INTE INTF INTS"},
    Block{"UART",
          "UARTDR UARTRSR 0x18 UARTFR 0x20 UARTILPR UARTIBRD UARTFBRD UARTLCR_H UARTCR UARTIFLS UARTIMSC UARTRIS "
          "UARTMIS UARTICR UARTDMACR 0xfe0 4*( UARTPERIPHID% ) 4*( UARTPCELLID% )"},
    Block{"USBCTRL",
          "16*( ADDR_ENDP% ) MAIN_CTRL SOF_WR SOF_RD SIE_CTRL SIE_STATUS INT_EP_CTRL BUFF_STATUS "
          "BUFF_CPU_SHOULD_HANDLE EP_ABORT EP_ABORT_DONE EP_STALL_ARM NAK_POLL EP_STATUS_STALL_NAK USB_MUXING "
          "USB_PWR USBPHY_DIRECT USBPHY_DIRECT_OVERRIDE USBPHY_TRIM 0x8c INTR INTE INTF INTS"},
    Block{"VREG_AND_CHIP_RESET", "VREG BOD CHIP_RESET"},
    Block{"WATCHDOG", "CTRL LOAD REASON 8*( SCRATCH% ) TICK"},
    Block{"XIP_CTRL", "CTRL FLUSH STAT CTR_HIT CTR_ACC STREAM_ADDR STREAM_CTR STREAM_FIFO"},
    Block{"XIP_SSI",
          "CTRLR0 CTRLR1 SSIENR MWCR SER BAUDR TXFTLR RXFTLR TXFLR RXFLR SR IMR ISR RISR TXOICR RXOICR RXUICR MSTICR "
          "ICR DMACR DMATDLR DMARDLR IDR SSI_VERSION_ID 36*( DR% ) RX_SAMPLE_DLY SPI_CTRLR0 TXD_DRIVE_EDGE"},
    Block{"XOSC", "CTRL STATUS DORMANT STARTUP 0x1c COUNT"},
};

std::string_view take_token(std::string_view& text) {
    const std::size_t begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return text = {};
    text.remove_prefix(begin);
    const std::string_view token = text.substr(0, text.find(' '));
    text.remove_prefix(token.size());
    return token;
}

std::uint32_t number(std::string_view digits, int base) {
    std::uint32_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    return value;
}

/// Goes through names from `at` on; true with the name when it came to `offset`.
bool walk(std::string_view text, std::uint32_t& at, std::uint32_t offset, std::uint32_t index, std::string& found) {
    for (std::string_view token = take_token(text); !token.empty(); token = take_token(text)) {
        if (token.starts_with("0x")) {
            at = number(token.substr(2), 16);
        } else if (token.starts_with('+')) {
            at += 4 * number(token.substr(1), 10);
        } else if (token.ends_with("*(")) {
            const std::size_t end = text.find(')');
            for (std::uint32_t n = 0; n < number(token, 10); ++n)
                if (walk(text.substr(0, end), at, offset, n, found)) return true;
            text.remove_prefix(end + 1);
        } else {
            if (at == offset) {
                found = token;
                if (const std::size_t mark = found.find('%'); mark != std::string::npos)
                    found.replace(mark, 1, std::to_string(index));
                return true;
            }
            at += 4;
        }
    }
    return false;
}

/// Blocks that exist twice share their names; the SSI is also known without the XIP.
bool is_called(const Block& block, std::string_view name) {
    if (name == block.name || (name == "SSI" && block.name == "XIP_SSI")) return true;
    return (name.ends_with('0') || name.ends_with('1')) && name.substr(0, name.size() - 1) == block.name;
}

}  // namespace

std::string register_name(std::string_view block, std::uint32_t offset) {
    for (const Block& candidate : kBlocks) {
        if (!is_called(candidate, block)) continue;
        std::uint32_t at = 0;
        std::string found;
        return walk(candidate.registers, at, offset, 0, found) ? found : std::string{};
    }
    return {};
}

}  // namespace rp2040
