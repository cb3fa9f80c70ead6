// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What Arbitrum's NodeInterface answers about gas, for a chain that has no L1 beneath it.
/// @notice The part of the gas that pays for L1 data is always zero here, as it is in this chain's own receipts.
/// @dev On Arbitrum the node answers these calls itself and estimates the transaction it is given. A contract cannot
/// act in the caller's name, so `gasEstimate` is an upper bound: the gas that the call was given. Ask
/// eth_estimateGas for an estimate.
contract NodeInterface {
    function gasEstimateComponents(address, bool, bytes calldata)
        external
        payable
        returns (uint64 gasEstimate, uint64 gasEstimateForL1, uint256 baseFee, uint256 l1BaseFeeEstimate)
    {
        uint256 given = gasleft();
        gasEstimate = given > type(uint64).max ? type(uint64).max : uint64(given);
        gasEstimateForL1 = 0;
        baseFee = block.basefee;
        l1BaseFeeEstimate = 0;
    }

    function gasEstimateL1Component(address, bool, bytes calldata)
        external
        payable
        returns (uint64 gasEstimateForL1, uint256 baseFee, uint256 l1BaseFeeEstimate)
    {
        return (0, block.basefee, 0);
    }
}
