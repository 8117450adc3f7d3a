# Draws machine-speedup.svg from machine-speedup.csv: run `gnuplot machine-speedup.gp` in this directory.
set terminal svg size 960,326 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'machine-speedup.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "Projected (modelled) speed-up of look-ups over dense by machine" font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set ytics ("epyc-7773x" 4, "host" 3, "xeon-max-9480" 2, "epyc-7763" 1) scale 0
set yrange [0.4:4.6]
set xrange [0:4.029918405445435]
set xlabel 'Projected speed-up of look-ups over dense (times)'
set grid noytics
set style fill solid 0.85 noborder
set arrow from 1, graph 0 to 1, graph 1 nohead front dashtype 3 linewidth 1.5 linecolor '#404040'
set bmargin 5.90
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 3 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'machine-speedup.csv' skip 1 using ($3/2):($1 == 1 ? $2 + 0.19 : NaN):($3/2):(0.17) with boxxyerror linecolor '#0072B2' title "2 threads", \
  'machine-speedup.csv' skip 1 using ($3/2):($1 == 2 ? $2 - 0.19 : NaN):($3/2):(0.17) with boxxyerror linecolor '#D55E00' title "whole socket"
